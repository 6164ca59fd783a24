import { randomBytes } from "node:crypto";
import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";
import { REGISTRATION_STATEMENTS } from "./init-connect.ts";
import { ACCOUNT_COMMENT, CALLED_PROCEDURES, LEDGER_SCHEMA } from "./objects.ts";
import { type Registration, REGISTRATIONS } from "./tagging.ts";

const PROBE_PREFIX = "binlog_router_probe_";
/**
 * The name that is left is 32 characters long, as MySQL allows, and too long for a GTID tag: a tag
 * would stay in gtid_executed for ever.
 */
const PROBE_RANDOM_BYTES = 6;

/** An ordinary account could not log in with what init_connect was about to get. */
export class LoginNotProvenError extends Error {
  override readonly name = "LoginNotProvenError";

  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `An ordinary account, made for this check, could not log in and run what init_connect is to run: ${why}. ` +
        "Therefore init_connect does not call the session ledger, and everybody can log in. " +
        "Remove the cause and install again.",
      { cause },
    );
  }
}

/**
 * Logs in with a new account without any privileges, by the same address and with TLS as
 * `administrator` has it, and runs what init_connect is to run. The account is dropped in any case.
 * Throws LoginNotProvenError.
 */
export async function proveLogin(administrator: Connection): Promise<void> {
  const user = `${PROBE_PREFIX}${randomBytes(PROBE_RANDOM_BYTES).toString("hex")}`;
  // Of every kind of character, for servers that check passwords.
  const password = `${randomBytes(16).toString("hex")}aA1!`;
  await administrator.query("CREATE USER ?@'%' IDENTIFIED BY ?", [user, password]);
  try {
    await logIn({ ...wayOf(administrator.config), user, password });
  } catch (cause) {
    throw new LoginNotProvenError(cause);
  } finally {
    await administrator.query("DROP USER ?@'%'", [user]);
  }
}

async function logIn(options: ConnectionOptions): Promise<void> {
  const connection = await createConnection(options);
  try {
    for (const statement of REGISTRATION_STATEMENTS) await connection.query(statement);
  } finally {
    connection.destroy();
  }
}

function wayOf({
  host,
  port,
  socketPath,
  ssl,
  connectTimeout,
}: Connection["config"]): ConnectionOptions {
  const options = Object.entries({ host, port, socketPath, ssl, connectTimeout });
  return Object.fromEntries(options.filter(([, value]) => value !== undefined));
}

const SCRIPT_PROBE = "'binlog_router_probe'@'localhost'";
/** Takes away what a script leaves behind whose proof failed. */
export const DROP_SCRIPT_PROBE = `DROP USER IF EXISTS ${SCRIPT_PROBE}`;
const SCRIPT_PROCEDURE = `${LEDGER_SCHEMA}.prove_login`;

/**
 * The same for a script, which cannot log in: a procedure that has the privileges of a new account,
 * which are none but everybody's, calls what init_connect is to call. Where that fails, the mysql
 * client ends the script before init_connect is set.
 */
export function proofStatements(registration: Registration): readonly string[] {
  const calls = CALLED_PROCEDURES.map((name) => `CALL ${name}();`).join(" ");
  return [
    DROP_SCRIPT_PROBE,
    `CREATE USER ${SCRIPT_PROBE} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
    `DROP PROCEDURE IF EXISTS ${SCRIPT_PROCEDURE}`,
    `CREATE DEFINER = ${SCRIPT_PROBE} PROCEDURE ${SCRIPT_PROCEDURE}() SQL SECURITY DEFINER BEGIN ${calls} END`,
    `CALL ${SCRIPT_PROCEDURE}()`,
    // The call gave the tag of the administrator to this session.
    ...(REGISTRATIONS[registration].setsTag ? ["SET SESSION gtid_next = 'AUTOMATIC'"] : []),
    `DROP PROCEDURE ${SCRIPT_PROCEDURE}`,
    `DROP USER ${SCRIPT_PROBE}`,
  ];
}
