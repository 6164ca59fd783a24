import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";

/** mysql2's codes for a server without TLS and for a failed TLS handshake. */
const NO_TLS: ReadonlySet<unknown> = new Set(["HANDSHAKE_NO_SSL_SUPPORT", "HANDSHAKE_SSL_ERROR"]);

/**
 * Connects with the first of these options. It tries the next ones only when TLS could not be set
 * up, because other errors, such as a wrong password, would repeat. Throws mysql2's error.
 */
export async function connectFirst(ways: readonly ConnectionOptions[]): Promise<Connection> {
  const [first = {}, ...others] = ways;
  try {
    return await createConnection(first);
  } catch (cause) {
    const hasNoTls = cause instanceof Error && "code" in cause && NO_TLS.has(cause.code);
    if (!hasNoTls || others.length === 0) throw cause;
    return connectFirst(others);
  }
}
