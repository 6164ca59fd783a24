import type { Connection, RowDataPacket } from "mysql2/promise";
import { accountsExemptFromEverybody } from "./exempt-from-everybody.ts";
import { callsProcedure, withRegistration, withoutRegistration } from "./init-connect.ts";
import {
  ACCOUNT_COMMENT,
  CALLED_PROCEDURES,
  COUNT_SLOTS,
  CREATE_DEFINER,
  CREATE_PROCEDURES,
  CREATE_SCHEMA,
  CREATE_TABLE,
  EVERYBODY,
  FILL_TABLE,
  GRANT_EVERYBODY,
  LEDGER_DEFINER,
  LEDGER_PROCEDURE,
  LEDGER_SCHEMA,
  PROCEDURE_COMMENT,
  PROCEDURE_SQL_MODE,
  SLOTS,
} from "./objects.ts";

/**
 * Installs the session ledger, or brings it up to date; on a server that has it, does nothing that a connection could
 * notice. `init_connect` comes last, when everything that it calls is there, and keeps what it had. Needs an administrator
 * (CREATE USER, SET_ANY_DEFINER, SYSTEM_VARIABLES_ADMIN, all on the schema).
 */
export async function installLedger(connection: Connection): Promise<void> {
  await connection.query(CREATE_SCHEMA);
  await connection.query(CREATE_TABLE);
  if ((await slots(connection)) < SLOTS) await connection.query(FILL_TABLE);
  for (const statement of CREATE_DEFINER) await connection.query(statement);
  if (!(await hasProcedures(connection))) await createProcedures(connection);
  for (const statement of GRANT_EVERYBODY) await connection.query(statement);
  for (const { user, host } of await accountsExemptFromEverybody(connection)) {
    for (const procedure of CALLED_PROCEDURES)
      await connection.query(`GRANT EXECUTE ON PROCEDURE ${procedure} TO ?@?`, [user, host]);
  }
  await setInitConnect(connection, withRegistration);
}

/** Removes the session ledger; `init_connect` comes first, so that no connection calls what is not there. */
export async function uninstallLedger(connection: Connection): Promise<void> {
  await setInitConnect(connection, withoutRegistration);
  if (callsProcedure(await initConnect(connection))) throw new LedgerInUseError();
  await connection.query(`DROP DATABASE IF EXISTS ${LEDGER_SCHEMA}`);
  await connection.query(`DROP USER IF EXISTS ${LEDGER_DEFINER}`);
  await withdrawFromEverybody(connection);
}

/** `init_connect` calls the ledger's procedure in words that are not ours: without it nobody could connect. */
export class LedgerInUseError extends Error {
  override readonly name = "LedgerInUseError";

  constructor() {
    super(
      `init_connect calls ${LEDGER_PROCEDURE} in a way that installing does not; take the call out of it first.`,
    );
  }
}

async function createProcedures(connection: Connection): Promise<void> {
  // Between DROP and CREATE nobody may call it.
  await setInitConnect(connection, withoutRegistration);
  if (callsProcedure(await initConnect(connection))) throw new LedgerInUseError();
  const [rows] = await connection.query<RowDataPacket[]>("SELECT @@SESSION.sql_mode AS mode");
  await connection.query(PROCEDURE_SQL_MODE);
  try {
    for (const statement of CREATE_PROCEDURES) await connection.query(statement);
  } finally {
    await connection.query("SET SESSION sql_mode = ?", [String(rows[0]?.["mode"])]);
  }
}

async function slots(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(COUNT_SLOTS);
  return Number(rows[0]?.["slots"]);
}

/** Whether all that init_connect calls is there, and is this version's. */
async function hasProcedures(connection: Connection): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM information_schema.routines WHERE routine_type = 'PROCEDURE'
     AND CONCAT(routine_schema, '.', routine_name) IN (?) AND routine_comment = ?`,
    [CALLED_PROCEDURES, PROCEDURE_COMMENT],
  );
  return rows.length === CALLED_PROCEDURES.length;
}

async function setInitConnect(
  connection: Connection,
  change: (value: string) => string,
): Promise<void> {
  const before = await initConnect(connection);
  const after = change(before);
  if (after === before) return;
  if (after === "") {
    await connection.query("SET GLOBAL init_connect = ''");
    await connection.query("RESET PERSIST IF EXISTS init_connect");
  } else {
    await connection.query("SET PERSIST init_connect = ?", [after]);
  }
}

async function initConnect(connection: Connection): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT @@GLOBAL.init_connect AS value");
  return String(rows[0]?.["value"] ?? "");
}

/** An account of everybody that was there before, or has other uses, keeps them. */
async function withdrawFromEverybody(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT JSON_VALUE(account.user_attributes, '$.metadata.comment') AS comment, granted.db AS db
     FROM mysql.user AS account LEFT JOIN mysql.db AS granted
       ON granted.user = account.user AND granted.host = account.host AND granted.db = ?
     WHERE account.user = '' AND account.host = '%'`,
    [LEDGER_SCHEMA],
  );
  const [account] = rows;
  if (account?.["comment"] === ACCOUNT_COMMENT) {
    await connection.query(`DROP USER ${EVERYBODY}`);
  } else if (account !== undefined && account["db"] !== null) {
    await connection.query(`REVOKE EXECUTE ON ${LEDGER_SCHEMA}.* FROM ${EVERYBODY}`);
  }
}
