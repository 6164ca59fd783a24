import { CALLED_PROCEDURES } from "./objects.ts";

/**
 * The statements that every new connection runs. MySQL ignores the grants to everybody (`''@'%'`)
 * for a connection with active roles. The statements therefore disable the roles for the calls, and
 * then activate the roles that the connection has after a login. No statement may depend on a limit
 * of the server or of the account: an error in init_connect ends the connection.
 */
export const REGISTRATION_STATEMENTS = [
  "SET ROLE NONE",
  ...CALLED_PROCEDURES.map((name) => `CALL ${name}()`),
];
const REGISTRATION = REGISTRATION_STATEMENTS.join("; ");
/**
 * The queries that a login counts against MAX_QUERIES_PER_HOUR. Statements inside the procedures do
 * not count.
 */
export const QUERIES_PER_LOGIN = REGISTRATION_STATEMENTS.length;

/**
 * The registration that earlier releases added. It fails for everybody when the server has reached
 * its max_prepared_stmt_count. It is only removed, never added.
 */
const FORMER_REGISTRATION =
  "SET ROLE NONE; CALL binlog_router.register_session(); " +
  "SET @binlog_router = IF(@@GLOBAL.activate_all_roles_on_login, 'SET ROLE ALL', 'SET ROLE DEFAULT'); " +
  "PREPARE binlog_router FROM @binlog_router; EXECUTE binlog_router; " +
  "DEALLOCATE PREPARE binlog_router; SET @binlog_router = NULL";

/** Matches any call of one of the ledger's procedures, including a call written by hand. */
const CALL = /\bCALL\s+`?binlog_router`?\s*\.\s*`?(register_session|resume_roles)`?/i;

const CALLS = new RegExp(`${CALL.source}\\s*(\\(\\s*\\))?\\s*;?\\s*`, "gi");

/**
 * Puts the registration in front of a value of `init_connect`. It comes first, so that changes that
 * the rest writes have a known author.
 */
export function withRegistration(initConnect: string): string {
  const rest = withoutRegistration(initConnect);
  return rest === "" ? REGISTRATION : `${REGISTRATION}; ${rest}`;
}

/**
 * Removes from a value of `init_connect` what this or an earlier release added. The rest is
 * unchanged.
 */
export function withoutRegistration(initConnect: string): string {
  return [REGISTRATION, FORMER_REGISTRATION].reduce(without, initConnect);
}

/**
 * Removes every call of the ledger's procedures, including calls that are spelled differently. Used
 * for scripts, whose reader sees the value that remains.
 */
export function withoutCalls(initConnect: string): string {
  return withoutRegistration(initConnect).replace(CALLS, "");
}

function without(initConnect: string, registration: string): string {
  const at = initConnect.indexOf(registration);
  if (at < 0) return initConnect;
  const rest = initConnect.slice(at + registration.length).replace(/^\s*;\s*/, "");
  return initConnect.slice(0, at) + rest;
}

/** Whether a value of `init_connect` contains exactly what `withRegistration` adds. */
export function hasRegistration(initConnect: string): boolean {
  return initConnect.includes(REGISTRATION);
}

/**
 * Whether a value of `init_connect` calls one of the ledger's procedures, however it is spelled.
 */
export function callsProcedure(initConnect: string): boolean {
  return CALL.test(initConnect);
}
