import type { Connection, RowDataPacket } from "mysql2/promise";
import { CALLED_PROCEDURES, LEDGER_SCHEMA } from "./objects.ts";

export interface Account {
  readonly user: string;
  readonly host: string;
}

/**
 * Selects the accounts that cannot use the privilege that everybody has on the ledger's schema.
 * They have an individual grant that matches the schema, possibly by a pattern such as `%`, and
 * lacks EXECUTE. MySQL looks only at the most specific grant for a schema. These accounts need
 * EXECUTE on each procedure that init_connect calls.
 */
const EXEMPT = `SELECT DISTINCT db.user, db.host FROM mysql.db AS db
  WHERE db.user <> '' AND ? LIKE db.db AND db.execute_priv = 'N'
  AND NOT EXISTS (SELECT 1 FROM mysql.user AS account
    WHERE account.user = db.user AND account.host = db.host AND account.execute_priv = 'Y')
  AND (SELECT COUNT(*) FROM mysql.procs_priv AS granted
    WHERE granted.user = db.user AND granted.host = db.host AND granted.db = ?
    AND CONCAT(granted.db, '.', granted.routine_name) IN (?)
    AND FIND_IN_SET('Execute', granted.proc_priv) > 0) < ?`;

/**
 * Returns the accounts that `EXEMPT` selects. Needs SELECT on mysql.db, mysql.user and
 * mysql.procs_priv.
 */
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
