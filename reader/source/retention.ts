import type { Connection, RowDataPacket } from "mysql2/promise";
import { isRds } from "./rds.ts";
import type { ServerVariables } from "./server-variables.ts";

/**
 * How long a server keeps its binlog, seconds; null for ever; `unknown` where the account may not
 * ask.
 */
export type Retention = number | null | "unknown";

/** The variables that `askRetention` needs. */
export const RETENTION_VARIABLES = ["basedir", "binlog_expire_logs_seconds"] as const;

/**
 * RDS and Aurora purge what nobody needs any more about every five minutes, where no retention is
 * set.
 */
const RDS_DEFAULT_SECONDS = 300;
/**
 * Refused on a database or table, and an unknown table, as which some servers show one that may not
 * be read.
 */
const MAY_NOT_READ: ReadonlySet<unknown> = new Set([1044, 1142, 1143, 1146]);

/**
 * Asks for it. RDS and Aurora purge by a setting of their own and not by
 * `binlog_expire_logs_seconds`:
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
    if (error instanceof Error && "errno" in error && MAY_NOT_READ.has(error.errno))
      return "unknown";
    throw error;
  }
}
