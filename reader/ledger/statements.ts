import type { Account } from "./exempt-from-everybody.ts";
import { withRegistration, withoutRegistration } from "./init-connect.ts";
import {
  CALLED_PROCEDURES,
  CREATE_DEFINER,
  CREATE_PROCEDURES,
  CREATE_SCHEMA,
  CREATE_TABLE,
  GRANT_EVERYBODY,
  PROCEDURE_SQL_MODE,
} from "./objects.ts";

type Accounts = readonly Account[];

/**
 * The statements that install the ledger on a server without it, in their order, for somebody who runs them by hand.
 *
 * @param exempt accounts that need a grant of their own (see exempt-from-everybody.ts)
 * @param isRds whether init_connect is set in a parameter group, not by a statement
 */
export function installStatements(initConnect: string, exempt: Accounts, isRds: boolean): string[] {
  return [
    CREATE_SCHEMA,
    CREATE_TABLE,
    ...CREATE_DEFINER,
    PROCEDURE_SQL_MODE,
    ...CREATE_PROCEDURES,
    ...GRANT_EVERYBODY,
    ...exempt.flatMap(grantStatements),
    ...(isRds ? [] : [`SET PERSIST init_connect = ${quoted(withRegistration(initConnect))}`]),
  ];
}

/** The same where `init_connect` calls the ledger already: nobody may call it while it is made anew. */
export function mendStatements(initConnect: string, exempt: Accounts, isRds: boolean): string[] {
  const rest = withoutRegistration(initConnect);
  return [
    ...(isRds ? [] : [`SET GLOBAL init_connect = ${quoted(rest)}`]),
    ...installStatements(rest, exempt, isRds),
  ];
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
