import type { Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ReaderStatus } from "./status.ts";

// An import of this module loads Node's WebSocket and fetch, too, which take 3 MB.
const { createServer } = process.getBuiltinModule("node:http");

/**
 * Answers every request with the reader's status as JSON. `/ready` returns 200 while the reader
 * reads or is a standby, else 503. Any other path is the container's health check. It returns 503
 * only when the reader has ended, because a restart does not solve a problem of the source.
 */
export class HealthEndpoint implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(port: number, status: ReaderStatus): Promise<HealthEndpoint> {
    const server = createServer(({ url }, response) => {
      const isWell = url === "/ready" ? status.isReady : status.state !== "stopped";
      response.writeHead(isWell ? 200 : 503, {
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
