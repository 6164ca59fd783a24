import type { Account } from "./exempt-from-everybody.ts";
import { withoutCalls, withRegistration } from "./init-connect.ts";
import {
  CALLED_PROCEDURES,
  createDefiner,
  createTable,
  EVERYBODY,
  FILL_TABLE,
  GRANT_EVERYBODY,
  LEDGER_DEFINER,
  LEDGER_SCHEMA,
  REVOKE_TAG,
} from "./objects.ts";
import { createProcedures, PROCEDURE_SQL_MODE } from "./procedures.ts";
import { DROP_SCRIPT_PROBE, proofStatements } from "./prove-login.ts";
import { type Registration, REGISTRATIONS } from "./tagging.ts";

type Accounts = readonly Account[];

/**
 * Statements for a person to run, and the manual steps before and after them.
 */
export interface Script {
  readonly before?: string;
  readonly statements: readonly string[];
  readonly after?: string;
}

/**
 * The statements that install the ledger on a server that does not have it, in order.
 * `init_connect` is set after the proof that an ordinary account can run it.
 *
 * @param exempt accounts that need an individual grant (see exempt-from-everybody.ts)
 * @param isRds whether init_connect is set in a parameter group, not by a statement
 */
export function installScript(
  initConnect: string,
  exempt: Accounts,
  isRds: boolean,
  registration: Registration = "ledger",
): Script {
  const statements = [
    ...createTable(registration),
    ...(REGISTRATIONS[registration].writesRow ? [FILL_TABLE] : []),
    ...createDefiner(registration),
    PROCEDURE_SQL_MODE,
    ...createProcedures(registration),
    ...GRANT_EVERYBODY,
    ...exempt.flatMap(grantStatements),
    ...proofStatements(registration),
  ];
  const value = withRegistration(initConnect);
  return isRds
    ? { statements, after: `Set init_connect in the parameter group to: ${value}` }
    : { statements: [...statements, `SET PERSIST init_connect = ${quoted(value)}`] };
}

/**
 * The same for a server whose `init_connect` calls the ledger already. The calls are removed first,
 * so that no connection calls a procedure while it is replaced.
 */
export function reinstallScript(
  initConnect: string,
  exempt: Accounts,
  isRds: boolean,
  registration: Registration = "ledger",
): Script {
  const rest = withoutCalls(initConnect);
  const install = installScript(rest, exempt, isRds, registration);
  return isRds
    ? { before: parameterGroup(rest), ...install }
    : { statements: [`SET GLOBAL init_connect = ${quoted(rest)}`, ...install.statements] };
}

/** The statements that remove the tags and keep the ledger. Open connections keep their tags. */
export function untagScript(initConnect: string, exempt: Accounts, isRds: boolean): Script {
  const script = reinstallScript(initConnect, exempt, isRds, "ledger");
  return { ...script, statements: [...script.statements, REVOKE_TAG] };
}

/**
 * The statements that remove the ledger. `init_connect` is changed first, so that no connection
 * calls a dropped procedure.
 *
 * @param isEverybodyOurs whether installing created the account `''@'%'`, which is then dropped
 */
export function uninstallScript(
  initConnect: string,
  isEverybodyOurs: boolean,
  isRds: boolean,
): Script {
  const rest = withoutCalls(initConnect);
  const statements = [
    `DROP DATABASE IF EXISTS ${LEDGER_SCHEMA}`,
    `DROP USER IF EXISTS ${LEDGER_DEFINER}`,
    DROP_SCRIPT_PROBE,
    isEverybodyOurs
      ? `DROP USER IF EXISTS ${EVERYBODY}`
      : `REVOKE EXECUTE ON ${LEDGER_SCHEMA}.* FROM ${EVERYBODY}`,
  ];
  if (isRds) return { before: parameterGroup(rest), statements };
  const reset =
    rest === ""
      ? ["SET GLOBAL init_connect = ''", "RESET PERSIST IF EXISTS init_connect"]
      : [`SET PERSIST init_connect = ${quoted(rest)}`];
  return { statements: [...reset, ...statements] };
}

function parameterGroup(rest: string): string {
  return (
    `Set init_connect in the parameter group to ${rest === "" ? "nothing" : rest}, ` +
    `and go on when SELECT @@GLOBAL.init_connect shows it: the statements that follow drop what it calls now.`
  );
}

/** The grants for an account that cannot use the grant to everybody. */
export function grantStatements({ user, host }: Account): string[] {
  return CALLED_PROCEDURES.map(
    (procedure) => `GRANT EXECUTE ON PROCEDURE ${procedure} TO ${quoted(user)}@${quoted(host)}`,
  );
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, (sign) => (sign === "'" ? "''" : "\\\\"))}'`;
}
