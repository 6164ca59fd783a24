import type { Connection } from "mysql2/promise";
import { askLogFilter, type LogFilter } from "../../../reader/source/log-filter.ts";
import { LEDGER_DEFINER } from "../../ledger/objects.ts";
import { rowsOf } from "./rows.ts";

/** What can keep a connection out of the ledger, or put another connection's id in the binlog. */
export interface SightFacts extends LogFilter {
  /** Number of sessions over X Protocol since the server started; 0 when it is off. */
  readonly xSessions: number;
  /** Accounts and roles that may set `pseudo_thread_id`, as 'user'@'host'. */
  readonly threadIdSetters: readonly string[];
}

const SETTERS = `SELECT DISTINCT CONCAT(QUOTE(user), '@', QUOTE(host)) AS name FROM (
    SELECT user, host FROM mysql.global_grants
      WHERE priv IN ('SESSION_VARIABLES_ADMIN', 'SYSTEM_VARIABLES_ADMIN')
    UNION SELECT user, host FROM mysql.user WHERE super_priv = 'Y') AS setter
  WHERE user NOT LIKE 'mysql.%' ORDER BY name`;

/** Queries these facts. Rejects with MySQL's error when the account lacks a privilege. */
export async function askSight(connection: Connection, version: string): Promise<SightFacts> {
  const [x] = await rowsOf(connection, "SHOW GLOBAL STATUS LIKE 'Mysqlx_sessions_accepted'");
  const setters = await rowsOf(connection, SETTERS);
  return {
    ...(await askLogFilter(connection, version)),
    xSessions: Number(x?.["Value"] ?? 0),
    threadIdSetters: setters
      .map((row) => String(row["name"]))
      .filter((name) => name !== LEDGER_DEFINER),
  };
}
