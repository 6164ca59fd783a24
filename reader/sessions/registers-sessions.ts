import type { Connection, RowDataPacket } from "mysql2/promise";

/**
 * Whether each new connection registers itself, in the session ledger or by a GTID tag. A session
 * without either is then an exception, and its entry in the process list may name another user.
 */
export async function registersSessions(connection: Connection): Promise<boolean> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@GLOBAL.init_connect AS value");
  return /\bbinlog_router\b/i.test(String(row?.["value"] ?? ""));
}
