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
 * A connection tries up to this many slots, STRIDE apart, until it finds one that is not locked.
 */
const SLOTS_TRIED = 8;
const STRIDE = 509;

/**
 * A procedure runs with the SQL mode of the session that created it. With an empty mode, MySQL
 * adjusts invalid values of a row and reports no error.
 */
export const PROCEDURE_SQL_MODE = "SET SESSION sql_mode = ''";

/**
 * Whether a lock on the whole server (FLUSH TABLES WITH READ LOCK) or on the table (LOCK TABLES,
 * ALTER TABLE) would make a write wait. The procedure checks this before it writes, because the
 * shortest lock timeout of MySQL is one second.
 */
const IS_LOCKED = `EXISTS (SELECT 1 FROM performance_schema.metadata_locks
      WHERE object_type = 'GLOBAL' AND lock_type = 'SHARED')
    OR EXISTS (SELECT 1 FROM performance_schema.metadata_locks
      WHERE object_type = 'TABLE' AND object_schema = '${LEDGER_SCHEMA}' AND object_name = 'sessions'
      AND lock_type IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))`;

/**
 * Creates a procedure that registers its connection as `client` (an expression for user@host) when
 * `condition` holds. It never prevents a login: it ignores errors and avoids waiting for locks.
 * - It writes to a slot whose row is not locked: first the connection's own slot, then a few
 *   others. Each slot is looked up by its key, so that outdated table statistics cannot make a
 *   login read and lock the whole table. The SELECT and the UPDATE are not in one transaction,
 *   because START TRANSACTION would commit the caller's transaction.
 * - A lock that appears between the check and the write delays the login by one second, not by the
 *   server's lock timeouts.
 * - With autocommit off, the row would stay in an open transaction and disappear on ROLLBACK, so
 *   the procedure commits. It adds NO CHAIN NO RELEASE, because completion_type could make a bare
 *   COMMIT end the connection.
 * - A session that is read-only by default becomes writable while the row is written.
 * - The host is what follows the last @, because a user name may contain @ and a host may not.
 * - The tag is set first, so that the transaction of the row has it too. Setting it needs no lock
 *   and no write.
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

/** The value of USER() in the body of an event. */
const EVENT_SCHEDULER = "'event_scheduler@localhost'";

/**
 * Activates the roles that the connection has after a login. The branches are spelled out, because
 * SET ROLE accepts no expression and a prepared statement fails on a server that has reached its
 * max_prepared_stmt_count. With SQL SECURITY INVOKER the roles stay active after the procedure.
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
 * Connections call `register_session()`, which uses USER(): the client's account even in a
 * procedure where CURRENT_USER() is the definer. The bodies of events, which have no client, call
 * `register_event(CURRENT_USER())`. It trusts its argument, and works only in events.
 * `register_session` is created last: where it exists, the others exist.
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
