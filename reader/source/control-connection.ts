import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";
import { SourceSilentError } from "../reporting/errors.ts";

/**
 * A connection for questions beside the dump. It lives as long as one attempt: when it breaks, so
 * does the attempt.
 */
export class ControlConnection implements AsyncDisposable {
  readonly connection: Connection;
  readonly #pings: NodeJS.Timeout;
  readonly #broken = Promise.withResolvers<never>();

  private constructor(connection: Connection, silenceMs: number) {
    this.connection = connection;
    this.#pings = setInterval(() => this.#ping(silenceMs), silenceMs / 2);
    this.#broken.promise.catch(() => undefined);
    connection.on("error", (error: Error) => this.#broken.reject(error));
    connection.on("end", () => this.#broken.reject(new ConnectionEndedError()));
  }

  /**
   * `silenceMs`: how long a question may be without an answer before the connection counts as
   * broken; a dead peer says nothing.
   */
  static async open(options: ConnectionOptions, silenceMs: number): Promise<ControlConnection> {
    return new ControlConnection(await createConnection(options), silenceMs);
  }

  /** Rejects when the connection breaks; never resolves. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#pings);
    this.connection.destroy();
    await Promise.resolve();
  }

  /** Stands in line behind the questions that were asked before it. */
  #ping(silenceMs: number): void {
    const silence = setTimeout(() => {
      this.#broken.reject(new SourceSilentError(`no answer from the server for ${silenceMs} ms`));
    }, silenceMs);
    this.connection.ping().then(
      () => clearTimeout(silence),
      () => clearTimeout(silence), // told by the connection's own events
    );
  }
}

/** The server closed the connection, as it does when it stops. */
class ConnectionEndedError extends Error {
  override readonly name = "ConnectionEndedError";
  readonly code = "PROTOCOL_CONNECTION_LOST";
}
