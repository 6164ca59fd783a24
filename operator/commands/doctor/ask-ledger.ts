import type { Connection } from "mysql2/promise";
import { accountsExemptFromEverybody } from "../../ledger/exempt-from-everybody.ts";
import {
  ACCOUNT_COMMENT,
  CALLED_PROCEDURES,
  COUNT_SLOTS,
  LEDGER_SCHEMA,
} from "../../ledger/objects.ts";
import { type Registration, registrationOf } from "../../ledger/tagging.ts";
import type { LedgerFacts } from "./facts.ts";
import { isTrue, rowsOf } from "./rows.ts";

const LEDGER_ACCOUNTS = `SELECT
    EXISTS (SELECT 1 FROM mysql.user WHERE user = 'binlog_router_ledger' AND host = 'localhost') AS hasDefiner,
    (SELECT COUNT(*) FROM mysql.tables_priv WHERE user = 'binlog_router_ledger' AND host = 'localhost'
      AND (db = ? AND table_name = 'sessions'
          AND FIND_IN_SET('Select', table_priv) AND FIND_IN_SET('Update', table_priv)
        OR db = 'performance_schema' AND table_name = 'metadata_locks'
          AND FIND_IN_SET('Select', table_priv))) = 2 AS mayDefinerWrite,
    EXISTS (SELECT 1 FROM mysql.db
      WHERE db = ? AND user = '' AND host = '%' AND execute_priv = 'Y') AS isGrantedToEverybody,
    EXISTS (SELECT 1 FROM mysql.user WHERE user = '' AND host = '%'
      AND JSON_VALUE(user_attributes, '$.metadata.comment') = ?) AS isEverybodyOurs`;

/** Queries the state of the session ledger. `initConnect` is the server's value. */
export async function askLedger(connection: Connection, initConnect: string): Promise<LedgerFacts> {
  const [table] = await rowsOf(
    connection,
    "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'sessions'",
    [LEDGER_SCHEMA],
  );
  const [count] = table === undefined ? [] : await rowsOf(connection, COUNT_SLOTS);
  const procedures = await rowsOf(
    connection,
    `SELECT routine_comment AS comment FROM information_schema.routines
     WHERE CONCAT(routine_schema, '.', routine_name) IN (?)`,
    [CALLED_PROCEDURES],
  );
  const comments = procedures.map((row) => String(row["comment"]));
  const [accounts] = await rowsOf(connection, LEDGER_ACCOUNTS, [
    LEDGER_SCHEMA,
    LEDGER_SCHEMA,
    ACCOUNT_COMMENT,
  ]);
  return {
    slots: count === undefined ? null : Number(count["slots"]),
    hasDefiner: isTrue(accounts?.["hasDefiner"]),
    mayDefinerWrite: isTrue(accounts?.["mayDefinerWrite"]),
    registration: comments.length < CALLED_PROCEDURES.length ? null : commonRegistration(comments),
    isGrantedToEverybody: isTrue(accounts?.["isGrantedToEverybody"]),
    isEverybodyOurs: isTrue(accounts?.["isEverybodyOurs"]),
    exempt: await accountsExemptFromEverybody(connection),
    initConnect,
  };
}

/** What the procedures with these comments do; "other" when they differ or are unknown. */
function commonRegistration(comments: readonly string[]): Registration | "other" {
  const [first = null, ...others] = comments;
  const isCommon = others.every((comment) => comment === first);
  return (isCommon ? registrationOf(first) : null) ?? "other";
}
