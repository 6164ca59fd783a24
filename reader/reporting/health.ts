import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ReaderStatus } from "./status.ts";

/**
 * The endpoint for the container's health check: every GET is answered with the reader's status as JSON; 200 while it
 * works or waits, 503 when it has ended. Trouble that passes by itself is not ill health: a restart would not mend it.
 */
export class HealthEndpoint implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(port: number, status: ReaderStatus): Promise<HealthEndpoint> {
    const server = createServer((_request, response) => {
      response.writeHead(status.state === "stopped" ? 503 : 200, {
        "content-type": "application/json",
      });
      response.end(JSON.stringify(status.snapshot()));
    });
    server.listen(port);
    await once(server, "listening");
    return new HealthEndpoint(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
