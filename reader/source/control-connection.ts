import type { Connection as CoreConnection } from "mysql2";
import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";
import { SourceSilentError } from "../reporting/errors.ts";
import { closeConnection } from "./close-connection.ts";

/**
 * A connection for queries during the dump. It belongs to one attempt, which fails when the
 * connection breaks.
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

  /** `silenceMs`: how long a ping may be unanswered before the connection counts as broken. */
  static async open(options: ConnectionOptions, silenceMs: number): Promise<ControlConnection> {
    return new ControlConnection(await createConnection(options), silenceMs);
  }

  /** Rejects when the connection breaks; never resolves. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#pings);
    // mysql2's types do not have it.
    const { connection } = this.connection as Connection & { readonly connection: CoreConnection };
    closeConnection(connection);
    await Promise.resolve();
  }

  /** Sends a ping, which waits behind the queries before it. */
  #ping(silenceMs: number): void {
    const silence = setTimeout(() => {
      this.#broken.reject(new SourceSilentError(`no answer from the server for ${silenceMs} ms`));
    }, silenceMs);
    // The process may end before.
    silence.unref();
    this.connection.ping().then(
      () => clearTimeout(silence),
      () => clearTimeout(silence), // the connection's events report it
    );
  }
}

/** The server closed the connection, for instance because it shuts down. */
class ConnectionEndedError extends Error {
  override readonly name = "ConnectionEndedError";
  readonly code = "PROTOCOL_CONNECTION_LOST";
}
