import { createConnection } from "mysql2/promise";
import { CANARY_TABLE } from "../../config/canary-names.ts";
import type { CanaryTable } from "./beat.ts";
import type { CanarySettings } from "./settings.ts";

const CONNECT_TIMEOUT_MS = 5000;
const QUERY_TIMEOUT_MS = 5000;

/**
 * Connects to the canary's table. `secret` is the JSON text `{ "username", "password" }`. Rejects
 * with the driver's errors.
 */
export async function canaryTable(
  { source, host, port, tls }: CanarySettings,
  secret: string,
): Promise<CanaryTable> {
  const { username, password } = JSON.parse(secret) as { username: string; password: string };
  const isVerified = tls === "verify";
  const connection = await createConnection({
    host,
    port,
    user: username,
    password,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(tls !== "off" && {
      ssl: { rejectUnauthorized: isVerified, verifyIdentity: isVerified },
    }),
  });
  return {
    async write(writtenMs) {
      await connection.query({
        sql: `INSERT INTO ${CANARY_TABLE} (source, written_ms) VALUES (?, ?) ON DUPLICATE KEY UPDATE written_ms = ?`,
        values: [source, writtenMs, writtenMs],
        timeout: QUERY_TIMEOUT_MS,
      });
    },
    async [Symbol.asyncDispose]() {
      // Do not wait for a server that does not respond.
      await connection.end().catch(() => connection.destroy());
    },
  };
}
