import type { Connection, RowDataPacket } from "mysql2/promise";
import { accountsExemptFromEverybody } from "./exempt-from-everybody.ts";
import { callsProcedure, withRegistration, withoutRegistration } from "./init-connect.ts";
import {
  ACCOUNT_COMMENT,
  CALLED_PROCEDURES,
  COUNT_SLOTS,
  createDefiner,
  createTable,
  EVERYBODY,
  FILL_TABLE,
  GRANT_EVERYBODY,
  LEDGER_DEFINER,
  LEDGER_PROCEDURE,
  LEDGER_SCHEMA,
  REVOKE_TAG,
  SLOTS,
} from "./objects.ts";
import { createProcedures, PROCEDURE_SQL_MODE } from "./procedures.ts";
import { DROP_SCRIPT_PROBE, proveLogin } from "./prove-login.ts";
import { type Registration, registrationOf, REGISTRATIONS } from "./tagging.ts";

/**
 * Installs or updates the session ledger, GTID tags, or both. On a server that is up to date, no
 * connection notices anything. `init_connect` is set last, after an ordinary account has called the
 * procedures, and keeps its other statements. Needs an administrator (CREATE USER,
 * SET_ANY_DEFINER, SYSTEM_VARIABLES_ADMIN, all privileges on the schema). Throws
 * LoginNotProvenError or LedgerInUseError.
 */
export async function installLedger(
  connection: Connection,
  registration: Registration = "ledger",
): Promise<void> {
  const { writesRow, setsTag } = REGISTRATIONS[registration];
  const installed = await installedRegistration(connection);
  for (const statement of createTable(registration)) await connection.query(statement);
  if (writesRow && (await slots(connection)) < SLOTS) await connection.query(FILL_TABLE);
  for (const statement of createDefiner(registration)) await connection.query(statement);
  if (installed !== registration) await replaceProcedures(connection, registration);
  if (!setsTag && installed !== null && REGISTRATIONS[installed].setsTag)
    await connection.query(REVOKE_TAG);
  for (const statement of GRANT_EVERYBODY) await connection.query(statement);
  for (const { user, host } of await accountsExemptFromEverybody(connection)) {
    for (const procedure of CALLED_PROCEDURES)
      await connection.query(`GRANT EXECUTE ON PROCEDURE ${procedure} TO ?@?`, [user, host]);
  }
  try {
    await proveLogin(connection);
  } catch (error) {
    await setInitConnect(connection, withoutRegistration);
    throw error;
  }
  await setInitConnect(connection, withRegistration);
}

/**
 * Removes the session ledger. `init_connect` is changed first, so that no connection calls a
 * dropped procedure. Throws LedgerInUseError.
 */
export async function uninstallLedger(connection: Connection): Promise<void> {
  await setInitConnect(connection, withoutRegistration);
  if (callsProcedure(await initConnect(connection))) throw new LedgerInUseError();
  await connection.query(`DROP DATABASE IF EXISTS ${LEDGER_SCHEMA}`);
  await connection.query(`DROP USER IF EXISTS ${LEDGER_DEFINER}`);
  await connection.query(DROP_SCRIPT_PROBE);
  await withdrawFromEverybody(connection);
}

/**
 * `init_connect` calls the ledger's procedures in a spelling that installing does not use and
 * therefore cannot remove. If the procedures were dropped, ordinary accounts could not connect.
 */
export class LedgerInUseError extends Error {
  override readonly name = "LedgerInUseError";

  constructor() {
    super(
      `init_connect calls ${LEDGER_PROCEDURE} in another way than this version's installation; remove the call from init_connect first.`,
    );
  }
}

async function replaceProcedures(
  connection: Connection,
  registration: Registration,
): Promise<void> {
  // No connection may call a procedure between its DROP and its CREATE.
  await setInitConnect(connection, withoutRegistration);
  if (callsProcedure(await initConnect(connection))) throw new LedgerInUseError();
  const [rows] = await connection.query<RowDataPacket[]>("SELECT @@SESSION.sql_mode AS mode");
  await connection.query(PROCEDURE_SQL_MODE);
  try {
    for (const statement of createProcedures(registration)) await connection.query(statement);
  } finally {
    await connection.query("SET SESSION sql_mode = ?", [String(rows[0]?.["mode"])]);
  }
}

async function slots(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(COUNT_SLOTS);
  return Number(rows[0]?.["slots"]);
}

/**
 * What the installed procedures do; null when one is missing or belongs to another version.
 */
async function installedRegistration(connection: Connection): Promise<Registration | null> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT routine_comment AS comment, COUNT(*) AS procedures FROM information_schema.routines
     WHERE routine_type = 'PROCEDURE' AND CONCAT(routine_schema, '.', routine_name) IN (?)
     GROUP BY routine_comment`,
    [CALLED_PROCEDURES],
  );
  const [row] = rows;
  const isComplete = Number(row?.["procedures"]) === CALLED_PROCEDURES.length;
  return isComplete ? registrationOf(String(row?.["comment"])) : null;
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

/**
 * Drops the account `''@'%'` when installing created it. Otherwise only the grant on the ledger's
 * schema is revoked.
 */
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
