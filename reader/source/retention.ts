import type { Connection, RowDataPacket } from "mysql2/promise";
import { mayNotRead } from "./mysql-errors.ts";
import { isRds } from "./rds.ts";
import type { ServerVariables } from "./server-variables.ts";

/**
 * How long a server keeps its binlog, seconds; null: for ever; `unknown`: the account may not read
 * the setting.
 */
export type Retention = number | null | "unknown";

/** The variables that `askRetention` needs. */
export const RETENTION_VARIABLES = ["basedir", "binlog_expire_logs_seconds"] as const;

/** Without a configured retention, RDS and Aurora purge unused binlog about every five minutes. */
const RDS_DEFAULT_SECONDS = 300;

/**
 * Queries the retention. RDS and Aurora do not use `binlog_expire_logs_seconds`, but a setting in
 * `mysql.rds_configuration`:
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-configuring.html
 */
export async function askRetention(
  connection: Connection,
  variables: ServerVariables,
): Promise<Retention> {
  if (!isRds(variables)) return Number(variables.get("binlog_expire_logs_seconds") ?? 0) || null;
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'",
    );
    return Number(rows[0]?.["value"] ?? 0) * 3600 || RDS_DEFAULT_SECONDS;
  } catch (error) {
    if (mayNotRead(error)) return "unknown";
    throw error;
  }
}

/**
 * The age of a binlog file, milliseconds: a lower bound of how long the server keeps its binlog.
 * null when the file's first event has no time, or one that the server's clock has not reached
 * since it was set back. `begunS`: the time in the first event, by the server's clock.
 */
export function fileAgeMs(begunS: number | null, serverNowMs: number): number | null {
  const ageMs = begunS === null ? 0 : serverNowMs - begunS * 1000;
  return ageMs > 0 ? ageMs : null;
}
