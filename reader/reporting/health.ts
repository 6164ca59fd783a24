import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ReaderStatus } from "./status.ts";

/**
 * Answers every GET with the reader's status as JSON. `/ready` is 200 while it reads or stands by,
 * else 503. Any other path, the container's health check, is 503 only when the reader has ended: a
 * restart ends no trouble of the source.
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
