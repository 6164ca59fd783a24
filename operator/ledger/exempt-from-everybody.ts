import type { Connection, RowDataPacket } from "mysql2/promise";
import { CALLED_PROCEDURES, LEDGER_SCHEMA } from "./objects.ts";

export interface Account {
  readonly user: string;
  readonly host: string;
}

/**
 * Accounts for which the privilege of everybody on the ledger's schema does not count, because a
 * grant of their own names that schema, by a pattern like \`%\` too, and leaves EXECUTE out: MySQL
 * looks at one grant per schema, the most specific. They need EXECUTE on each procedure that
 * init_connect calls.
 */
const EXEMPT = `SELECT DISTINCT db.user, db.host FROM mysql.db AS db
  WHERE db.user <> '' AND ? LIKE db.db AND db.execute_priv = 'N'
  AND NOT EXISTS (SELECT 1 FROM mysql.user AS account
    WHERE account.user = db.user AND account.host = db.host AND account.execute_priv = 'Y')
  AND (SELECT COUNT(*) FROM mysql.procs_priv AS granted
    WHERE granted.user = db.user AND granted.host = db.host AND granted.db = ?
    AND CONCAT(granted.db, '.', granted.routine_name) IN (?)
    AND FIND_IN_SET('Execute', granted.proc_priv) > 0) < ?`;

/** Asks for them. Needs SELECT on mysql.db, mysql.user and mysql.procs_priv. */
export async function accountsExemptFromEverybody(
  connection: Pick<Connection, "query">,
): Promise<Account[]> {
  const [rows] = await connection.query<RowDataPacket[]>(EXEMPT, [
    LEDGER_SCHEMA,
    LEDGER_SCHEMA,
    CALLED_PROCEDURES,
    CALLED_PROCEDURES.length,
  ]);
  return rows.map((row) => ({ user: String(row["user"]), host: String(row["host"]) }));
}
