import {
  LEDGER_DEFINER,
  LEDGER_PROCEDURE,
  LEDGER_SCHEMA,
  LEDGER_TABLE,
  ROLES_PROCEDURE,
  SLOTS,
} from "./objects.ts";
import { type Registration, REGISTRATIONS, SET_TAG, TAG_VARIABLES } from "./tagging.ts";

/**
 * How many slots a connection looks at for one that nobody has locked, and how far they lie apart.
 */
const SLOTS_TRIED = 8;
const STRIDE = 509;

/**
 * The procedure keeps the modes of the session that creates it: none, so that nothing about a row
 * is an error.
 */
export const PROCEDURE_SQL_MODE = "SET SESSION sql_mode = ''";

/**
 * Whether a lock on the whole server (FLUSH TABLES WITH READ LOCK) or on the table (LOCK TABLES,
 * ALTER TABLE) would make a write wait. Asked beforehand, because the shortest time that MySQL
 * waits for such a lock is a second.
 */
const IS_LOCKED = `EXISTS (SELECT 1 FROM performance_schema.metadata_locks
      WHERE object_type = 'GLOBAL' AND lock_type = 'SHARED')
    OR EXISTS (SELECT 1 FROM performance_schema.metadata_locks
      WHERE object_type = 'TABLE' AND object_schema = '${LEDGER_SCHEMA}' AND object_name = 'sessions'
      AND lock_type IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))`;

/**
 * A procedure that registers its connection as `client` (an expression for user@host) when
 * `condition` holds. It never keeps anybody from connecting: errors are swallowed, and it waits for
 * no lock.
 * - It writes to a slot whose row nobody has locked: its own, else one of a few others. Each is
 *   looked up by its key, so
 *   that no statistics of the table can make a login read and lock all of it. No transaction holds the row between the two
 *   statements: one would commit the caller's.
 * - A lock that comes between the question and the write costs a second, not what the server
 *   allows.
 * - With autocommit off the row would stay in an open transaction, and go when that is rolled back:
 *   so it commits. It says
 *   NO CHAIN NO RELEASE because completion_type could make a bare COMMIT end the connection.
 * - In a session that is read-only by default it is not while the row is written.
 * - A user name may contain @, a host not. Where it sets a tag it does so first: the row's own
 *   transaction has it then. That needs no lock and no write.
 */
function registering(
  registration: Registration,
  signature: string,
  client: string,
  condition: string,
): string {
  const { writesRow, setsTag, comment } = REGISTRATIONS[registration];
  return `CREATE DEFINER = ${LEDGER_DEFINER} PROCEDURE ${LEDGER_SCHEMA}.${signature}
  MODIFIES SQL DATA SQL SECURITY DEFINER COMMENT '${comment}'
BEGIN
  DECLARE client VARCHAR(300) CHARACTER SET utf8mb4 DEFAULT ${client};
  DECLARE client_host VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT SUBSTRING_INDEX(client, '@', -1);${setsTag ? TAG_VARIABLES : ""}${writesRow ? ROW_VARIABLES : ""}
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION, NOT FOUND BEGIN END;
  IF ${condition} THEN${setsTag ? SET_TAG : ""}${writesRow ? WRITE_ROW : ""}
  END IF;
END`;
}

const ROW_VARIABLES = `
  DECLARE table_wait BIGINT UNSIGNED DEFAULT @@SESSION.lock_wait_timeout;
  DECLARE row_wait BIGINT UNSIGNED DEFAULT @@SESSION.innodb_lock_wait_timeout;
  DECLARE was_read_only BOOLEAN DEFAULT @@SESSION.transaction_read_only;
  DECLARE wanted SMALLINT UNSIGNED;
  DECLARE tried SMALLINT UNSIGNED DEFAULT 0;
  DECLARE free SMALLINT UNSIGNED;`;

const WRITE_ROW = `
    IF NOT @@GLOBAL.read_only AND NOT (${IS_LOCKED}) THEN
      SET SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = 1,
        SESSION transaction_read_only = OFF;
      WHILE free IS NULL AND tried < ${SLOTS_TRIED} DO
        SET wanted = (CONNECTION_ID() + tried * ${STRIDE}) MOD ${SLOTS}, tried = tried + 1;
        SELECT slot INTO free FROM ${LEDGER_TABLE} WHERE slot = wanted FOR UPDATE SKIP LOCKED;
      END WHILE;
      UPDATE ${LEDGER_TABLE} SET connection_id = CONNECTION_ID(), host = client_host, at = NOW(6),
        user = LEFT(client, CHAR_LENGTH(client) - CHAR_LENGTH(client_host) - 1) WHERE slot = free;
      IF NOT @@SESSION.autocommit THEN
        COMMIT AND NO CHAIN NO RELEASE;
      END IF;
      SET SESSION lock_wait_timeout = table_wait, SESSION innodb_lock_wait_timeout = row_wait,
        SESSION transaction_read_only = was_read_only;
    END IF;`;

/** What USER() is in the body of an event. */
const EVENT_SCHEDULER = "'event_scheduler@localhost'";

/**
 * Gives the connection the roles that it has after a login. SET ROLE takes no expression, and a
 * statement prepared from text fails on a server at its max_prepared_stmt_count; with the invoker's
 * rights it holds beyond the procedure.
 */
const resumeRoles = (
  comment: string,
): string => `CREATE DEFINER = ${LEDGER_DEFINER} PROCEDURE ${ROLES_PROCEDURE}()
  NO SQL SQL SECURITY INVOKER COMMENT '${comment}'
BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
  IF @@GLOBAL.activate_all_roles_on_login THEN
    SET ROLE ALL;
  ELSE
    SET ROLE DEFAULT;
  END IF;
END`;

/**
 * `register_session()` for connections: USER() is the client's account, also here, where
 * CURRENT_USER() is the definer. `register_event(CURRENT_USER())` for the bodies of events, which
 * have no client: there the caller's word is taken, and only there. The first is made last: where
 * it is, all is.
 */
export function createProcedures(registration: Registration): readonly string[] {
  const ofEvents = ["register_event(definer VARCHAR(300))", "definer"] as const;
  return [
    `DROP PROCEDURE IF EXISTS ${LEDGER_SCHEMA}.register_event`,
    registering(registration, ...ofEvents, `USER() = ${EVENT_SCHEDULER}`),
    `DROP PROCEDURE IF EXISTS ${ROLES_PROCEDURE}`,
    resumeRoles(REGISTRATIONS[registration].comment),
    `DROP PROCEDURE IF EXISTS ${LEDGER_PROCEDURE}`,
    registering(registration, "register_session()", "USER()", `USER() <> ${EVENT_SCHEDULER}`),
  ];
}
