import type { Connection, RowDataPacket } from "mysql2/promise";

/**
 * Whether each new connection registers itself, in the session ledger or by a GTID tag. Then a
 * session of which neither tells is a rare one, whose process list entry may be another user's.
 */
export async function registersSessions(connection: Connection): Promise<boolean> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@GLOBAL.init_connect AS value");
  return /\bbinlog_router\b/i.test(String(row?.["value"] ?? ""));
}
