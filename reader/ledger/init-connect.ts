/**
 * What every new connection runs. A connection with active roles is judged by its roles' privileges only, so they are put
 * down for the call, which the privilege of everybody then allows, and taken up again as at a login.
 */
const REGISTRATION =
  "SET ROLE NONE; CALL binlog_router.register_session(); " +
  "SET @binlog_router = IF(@@GLOBAL.activate_all_roles_on_login, 'SET ROLE ALL', 'SET ROLE DEFAULT'); " +
  "PREPARE binlog_router FROM @binlog_router; EXECUTE binlog_router; " +
  "DEALLOCATE PREPARE binlog_router; SET @binlog_router = NULL";

/** Any call of the procedure, also one that somebody wrote by hand. */
const CALL = /\bCALL\s+`?binlog_router`?\s*\.\s*`?register_session`?/i;

/**
 * The value of `init_connect` that registers each connection and then does what it did before. Registering comes first,
 * so that what the rest writes has a known author.
 */
export function withRegistration(initConnect: string): string {
  const rest = withoutRegistration(initConnect);
  return rest === "" ? REGISTRATION : `${REGISTRATION}; ${rest}`;
}

/** The value of `init_connect` without what `withRegistration` put there; everything else is left as it is. */
export function withoutRegistration(initConnect: string): string {
  const at = initConnect.indexOf(REGISTRATION);
  if (at < 0) return initConnect;
  const rest = initConnect.slice(at + REGISTRATION.length).replace(/^\s*;\s*/, "");
  return initConnect.slice(0, at) + rest;
}

/** Whether a value of `init_connect` registers connections as `withRegistration` has it. */
export function hasRegistration(initConnect: string): boolean {
  return initConnect.includes(REGISTRATION);
}

/** Whether a value of `init_connect` calls the ledger's procedure in any way. */
export function callsProcedure(initConnect: string): boolean {
  return CALL.test(initConnect);
}
