import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";

/** mysql2's codes for a server without TLS, and for one whose TLS this machine cannot speak. */
const NO_TLS: ReadonlySet<unknown> = new Set(["HANDSHAKE_NO_SSL_SUPPORT", "HANDSHAKE_SSL_ERROR"]);

/**
 * Connects in the first of these ways. The next one is tried only when TLS could not be set up: any
 * other refusal, such as a wrong password, is the same in every way. Throws mysql2's error.
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
