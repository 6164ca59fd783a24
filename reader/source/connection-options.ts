import type { Configuration } from "../../config/configuration.ts";
import type { ConnectionOptions } from "mysql2";

/**
 * Fetches the account's credentials. It is called at every connect, so a rotated secret needs no
 * restart.
 */
export type Credentials = () => Promise<{ readonly username: string; readonly password: string }>;

export interface SourceAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: Configuration["source"]["tls"];
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
/** mysql2 makes room for 16,000 in each connection, 0.5 MB, which takes half of the connecting. */
const PREPARED_STATEMENTS = 100;

/** mysql2's options for a new connection to the source, with TCP keep-alive. */
export async function connectionOptions(
  address: SourceAddress,
  credentials: Credentials,
): Promise<ConnectionOptions> {
  const { username, password } = await credentials();
  return {
    host: address.host,
    port: address.port,
    user: username,
    password,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    timezone: "Z",
    supportBigNumbers: true,
    bigNumberStrings: true,
    maxPreparedStatements: PREPARED_STATEMENTS,
    ...(address.tls === "off"
      ? {}
      : {
          // mysql2 checks the certificate's host name only with `verifyIdentity`.
          ssl: {
            rejectUnauthorized: address.tls === "verify",
            verifyIdentity: address.tls === "verify",
          },
        }),
  };
}
