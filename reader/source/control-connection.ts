import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";

/** A connection for questions beside the dump. It lives as long as one attempt: when it breaks, so does the attempt. */
export class ControlConnection implements AsyncDisposable {
  readonly connection: Connection;
  readonly #broken = Promise.withResolvers<never>();

  private constructor(connection: Connection) {
    this.connection = connection;
    this.#broken.promise.catch(() => undefined);
    connection.on("error", (error: Error) => this.#broken.reject(error));
    connection.on("end", () => this.#broken.reject(new ConnectionEndedError()));
  }

  static async open(options: ConnectionOptions): Promise<ControlConnection> {
    return new ControlConnection(await createConnection(options));
  }

  /** Rejects when the connection breaks; never resolves. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.destroy();
    await Promise.resolve();
  }
}

/** The server closed the connection, as it does when it stops. */
class ConnectionEndedError extends Error {
  override readonly name = "ConnectionEndedError";
  readonly code = "PROTOCOL_CONNECTION_LOST";
}
