import { randomBytes } from "node:crypto";
import { type Connection, type ConnectionOptions, createConnection } from "mysql2/promise";
import { REGISTRATION_STATEMENTS } from "./init-connect.ts";
import { ACCOUNT_COMMENT, CALLED_PROCEDURES, LEDGER_SCHEMA } from "./objects.ts";
import { type Registration, REGISTRATIONS } from "./tagging.ts";

const PROBE_PREFIX = "binlog_router_probe_";
/**
 * Gives a user name of 32 characters, MySQL's maximum. Its GTID tag would be too long, so the probe
 * leaves no tag in gtid_executed, where it would stay for ever.
 */
const PROBE_RANDOM_BYTES = 6;

/** An ordinary account could not run the statements that were to be added to init_connect. */
export class LoginNotProvenError extends Error {
  override readonly name = "LoginNotProvenError";

  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `An ordinary account, made for this check, could not log in and run the new init_connect: ${why}. ` +
        "Therefore init_connect does not call the session ledger, and everybody can log in. " +
        "Remove the cause and install again.",
      { cause },
    );
  }
}

/**
 * Logs in with a new account without privileges, at the address and with the TLS settings of
 * `administrator`, and runs the statements for init_connect. Always drops the account. Throws
 * LoginNotProvenError.
 */
export async function proveLogin(administrator: Connection): Promise<void> {
  const user = `${PROBE_PREFIX}${randomBytes(PROBE_RANDOM_BYTES).toString("hex")}`;
  // Contains every kind of character, for servers that check passwords.
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
/** Drops the account that a script leaves behind when its proof fails. */
export const DROP_SCRIPT_PROBE = `DROP USER IF EXISTS ${SCRIPT_PROBE}`;
const SCRIPT_PROCEDURE = `${LEDGER_SCHEMA}.prove_login`;

/**
 * The same proof for a script, which cannot log in. A procedure calls what init_connect is to call.
 * It runs as a new account, which has only the privileges of everybody. If the call fails, the
 * mysql client ends the script before init_connect is set.
 */
export function proofStatements(registration: Registration): readonly string[] {
  const calls = CALLED_PROCEDURES.map((name) => `CALL ${name}();`).join(" ");
  return [
    DROP_SCRIPT_PROBE,
    `CREATE USER ${SCRIPT_PROBE} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
    `DROP PROCEDURE IF EXISTS ${SCRIPT_PROCEDURE}`,
    `CREATE DEFINER = ${SCRIPT_PROBE} PROCEDURE ${SCRIPT_PROCEDURE}() SQL SECURITY DEFINER BEGIN ${calls} END`,
    `CALL ${SCRIPT_PROCEDURE}()`,
    // The call set the administrator's tag in this session.
    ...(REGISTRATIONS[registration].setsTag ? ["SET SESSION gtid_next = 'AUTOMATIC'"] : []),
    `DROP PROCEDURE ${SCRIPT_PROCEDURE}`,
    `DROP USER ${SCRIPT_PROBE}`,
  ];
}
