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
 * Statements for somebody who runs them by hand, and what has to be done before and after them that
 * no statement does.
 */
export interface Script {
  readonly before?: string;
  readonly statements: readonly string[];
  readonly after?: string;
}

/**
 * What installs the ledger on a server without it, in its order. `init_connect` comes after the
 * proof that an ordinary account can do what it says.
 *
 * @param exempt accounts that need a grant of their own (see exempt-from-everybody.ts)
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
 * The same where `init_connect` calls the ledger already: nobody may call it while it is made anew.
 */
export function mendScript(
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

/** What takes the tags out and leaves the ledger. Open connections keep their tags. */
export function untagScript(initConnect: string, exempt: Accounts, isRds: boolean): Script {
  const script = mendScript(initConnect, exempt, isRds, "ledger");
  return { ...script, statements: [...script.statements, REVOKE_TAG] };
}

/**
 * What removes the ledger; `init_connect` comes first, so that no connection calls what is not
 * there.
 *
 * @param isEverybodyOurs whether the account of everybody was made by installing, and goes with it
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
    `and go on when SELECT @@GLOBAL.init_connect shows it: what follows takes away what it calls.`
  );
}

/** The grants that an account needs for which that of everybody does not count. */
export function grantStatements({ user, host }: Account): string[] {
  return CALLED_PROCEDURES.map(
    (procedure) => `GRANT EXECUTE ON PROCEDURE ${procedure} TO ${quoted(user)}@${quoted(host)}`,
  );
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, (sign) => (sign === "'" ? "''" : "\\\\"))}'`;
}
