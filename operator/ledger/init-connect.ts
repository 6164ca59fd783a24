import { CALLED_PROCEDURES } from "./objects.ts";

/**
 * What every new connection runs. A connection with active roles is judged by its roles' privileges
 * only, so they are put down for the call, which the privilege of everybody then allows, and taken
 * up again as at a login. Nothing here may depend on a limit of the server or the account: what
 * fails in init_connect ends the connection.
 */
export const REGISTRATION_STATEMENTS = [
  "SET ROLE NONE",
  ...CALLED_PROCEDURES.map((name) => `CALL ${name}()`),
];
const REGISTRATION = REGISTRATION_STATEMENTS.join("; ");
/**
 * By how many a login counts against MAX_QUERIES_PER_HOUR; what the procedures run does not count.
 */
export const QUERIES_PER_LOGIN = REGISTRATION_STATEMENTS.length;

/**
 * What was put there once. It failed for everybody on a server at its max_prepared_stmt_count, so
 * it is only taken out.
 */
const FORMER_REGISTRATION =
  "SET ROLE NONE; CALL binlog_router.register_session(); " +
  "SET @binlog_router = IF(@@GLOBAL.activate_all_roles_on_login, 'SET ROLE ALL', 'SET ROLE DEFAULT'); " +
  "PREPARE binlog_router FROM @binlog_router; EXECUTE binlog_router; " +
  "DEALLOCATE PREPARE binlog_router; SET @binlog_router = NULL";

/** Any call of a procedure of it, also one that somebody wrote by hand. */
const CALL = /\bCALL\s+`?binlog_router`?\s*\.\s*`?(register_session|resume_roles)`?/i;

const CALLS = new RegExp(`${CALL.source}\\s*(\\(\\s*\\))?\\s*;?\\s*`, "gi");

/**
 * The value of `init_connect` that registers each connection and then does what it did before.
 * Registering comes first, so that what the rest writes has a known author.
 */
export function withRegistration(initConnect: string): string {
  const rest = withoutRegistration(initConnect);
  return rest === "" ? REGISTRATION : `${REGISTRATION}; ${rest}`;
}

/**
 * The value of `init_connect` without what `withRegistration` put there; everything else is left as
 * it is.
 */
export function withoutRegistration(initConnect: string): string {
  return [REGISTRATION, FORMER_REGISTRATION].reduce(without, initConnect);
}

/**
 * The same without any call of the ledger's procedures, also in other words; for somebody who reads
 * what remains.
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

/** Whether a value of `init_connect` registers connections as `withRegistration` has it. */
export function hasRegistration(initConnect: string): boolean {
  return initConnect.includes(REGISTRATION);
}

/** Whether a value of `init_connect` calls the ledger's procedures in any way. */
export function callsProcedure(initConnect: string): boolean {
  return CALL.test(initConnect);
}
