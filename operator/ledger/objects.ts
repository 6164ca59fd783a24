/**
 * The session ledger's objects in MySQL. The procedure writes a row for its connection; what counts is the row's place in
 * the binlog, before anything else that the connection writes, so the table itself may be small and overwrite itself.
 */
export const LEDGER_SCHEMA = "binlog_router";
const LEDGER_TABLE = `${LEDGER_SCHEMA}.sessions`;
export const LEDGER_PROCEDURE = `${LEDGER_SCHEMA}.register_session`;
const ROLES_PROCEDURE = `${LEDGER_SCHEMA}.resume_roles`;
/** What init_connect calls, in this order: whoever may not execute one of them cannot connect. */
export const CALLED_PROCEDURES = [LEDGER_PROCEDURE, ROLES_PROCEDURE] as const;

/** An account that nobody can log in with; the procedure runs with its privileges. */
export const LEDGER_DEFINER = "'binlog_router_ledger'@'localhost'";
/** The account whose grants on a schema hold for every account (see "Grant Tables" in MySQL's manual); nobody can log in with it. */
export const EVERYBODY = "''@'%'";

/** By these the ledger's own accounts and its procedure's version are recognised. */
export const ACCOUNT_COMMENT = "session ledger of binlog-router; not for logins";
export const PROCEDURE_COMMENT = "session ledger of binlog-router, version 3";

/** More than connect and register at the same moment, so that they seldom meet in a row. */
export const SLOTS = 4096;
/** How many slots a connection looks at for one that nobody has locked, and how far they lie apart. */
const SLOTS_TRIED = 8;
const STRIDE = 509;

export const CREATE_SCHEMA = `CREATE DATABASE IF NOT EXISTS ${LEDGER_SCHEMA}`;

/** A row per slot, not per connection: the table stays at its size. */
export const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (
  slot SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
  connection_id BIGINT UNSIGNED NOT NULL COMMENT '0 in a slot that nobody used yet',
  user VARCHAR(32) NOT NULL,
  host VARCHAR(255) NOT NULL,
  at TIMESTAMP(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = '${ACCOUNT_COMMENT}'`;

/** Makes the slots that are not there; 16³ of them. All are there from the beginning, because only rows can be skipped that are locked. */
export const FILL_TABLE = `INSERT IGNORE INTO ${LEDGER_TABLE} (slot, connection_id, user, host, at)
  WITH RECURSIVE digits (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM digits WHERE n < 15)
  SELECT a.n * 256 + b.n * 16 + c.n, 0, '', '', NOW(6) FROM digits AS a, digits AS b, digits AS c`;

export const COUNT_SLOTS = `SELECT COUNT(*) AS slots FROM ${LEDGER_TABLE}`;

export const CREATE_DEFINER = [
  `CREATE USER IF NOT EXISTS ${LEDGER_DEFINER} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
  `GRANT SELECT, UPDATE ON ${LEDGER_TABLE} TO ${LEDGER_DEFINER}`,
  `GRANT SELECT ON performance_schema.metadata_locks TO ${LEDGER_DEFINER}`,
] as const;

/** The procedure keeps the modes of the session that creates it: none, so that nothing about a row is an error. */
export const PROCEDURE_SQL_MODE = "SET SESSION sql_mode = ''";

/**
 * Whether a lock on the whole server (FLUSH TABLES WITH READ LOCK) or on the table (LOCK TABLES, ALTER TABLE) would make a
 * write wait. Asked beforehand, because the shortest time that MySQL waits for such a lock is a second.
 */
const IS_LOCKED = `EXISTS (SELECT 1 FROM performance_schema.metadata_locks
      WHERE object_type = 'GLOBAL' AND lock_type = 'SHARED')
    OR EXISTS (SELECT 1 FROM performance_schema.metadata_locks
      WHERE object_type = 'TABLE' AND object_schema = '${LEDGER_SCHEMA}' AND object_name = 'sessions'
      AND lock_type IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))`;

/**
 * A procedure that registers its connection as `client` (an expression for user@host) when `condition` holds. It never
 * keeps anybody from connecting: errors are swallowed, and it waits for no lock.
 * - It writes to a slot whose row nobody has locked: its own, else one of a few others. Each is looked up by its key, so
 *   that no statistics of the table can make a login read and lock all of it. No transaction holds the row between the two
 *   statements: one would commit the caller's.
 * - A lock that comes between the question and the write costs a second, not what the server allows.
 * - With autocommit off the row would stay in an open transaction, and go when that is rolled back: so it commits. It says
 *   NO CHAIN NO RELEASE because completion_type could make a bare COMMIT end the connection.
 * - In a session that is read-only by default it is not while the row is written.
 * - A user name may contain @, a host not.
 */
function registering(signature: string, client: string, condition: string): string {
  return `CREATE DEFINER = ${LEDGER_DEFINER} PROCEDURE ${LEDGER_SCHEMA}.${signature}
  MODIFIES SQL DATA SQL SECURITY DEFINER COMMENT '${PROCEDURE_COMMENT}'
BEGIN
  DECLARE client VARCHAR(300) CHARACTER SET utf8mb4 DEFAULT ${client};
  DECLARE client_host VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT SUBSTRING_INDEX(client, '@', -1);
  DECLARE table_wait BIGINT UNSIGNED DEFAULT @@SESSION.lock_wait_timeout;
  DECLARE row_wait BIGINT UNSIGNED DEFAULT @@SESSION.innodb_lock_wait_timeout;
  DECLARE was_read_only BOOLEAN DEFAULT @@SESSION.transaction_read_only;
  DECLARE wanted SMALLINT UNSIGNED;
  DECLARE tried SMALLINT UNSIGNED DEFAULT 0;
  DECLARE free SMALLINT UNSIGNED;
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION, NOT FOUND BEGIN END;
  IF ${condition} AND NOT @@GLOBAL.read_only AND NOT (${IS_LOCKED}) THEN
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
  END IF;
END`;
}

/** What USER() is in the body of an event. */
const EVENT_SCHEDULER = "'event_scheduler@localhost'";

/**
 * Gives the connection the roles that it has after a login. SET ROLE takes no expression, and a statement prepared from
 * text fails on a server at its max_prepared_stmt_count; with the invoker's rights it holds beyond the procedure.
 */
const RESUME_ROLES = `CREATE DEFINER = ${LEDGER_DEFINER} PROCEDURE ${ROLES_PROCEDURE}()
  NO SQL SQL SECURITY INVOKER COMMENT '${PROCEDURE_COMMENT}'
BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
  IF @@GLOBAL.activate_all_roles_on_login THEN
    SET ROLE ALL;
  ELSE
    SET ROLE DEFAULT;
  END IF;
END`;

/**
 * `register_session()` for connections: USER() is the client's account, also here, where CURRENT_USER() is the definer.
 * `register_event(CURRENT_USER())` for the bodies of events, which have no client: there the caller's word is taken, and
 * only there. The first is made last: where it is, all is.
 */
export const CREATE_PROCEDURES = [
  `DROP PROCEDURE IF EXISTS ${LEDGER_SCHEMA}.register_event`,
  registering("register_event(definer VARCHAR(300))", "definer", `USER() = ${EVENT_SCHEDULER}`),
  `DROP PROCEDURE IF EXISTS ${ROLES_PROCEDURE}`,
  RESUME_ROLES,
  `DROP PROCEDURE IF EXISTS ${LEDGER_PROCEDURE}`,
  registering("register_session()", "USER()", `USER() <> ${EVENT_SCHEDULER}`),
] as const;

export const GRANT_EVERYBODY = [
  `CREATE USER IF NOT EXISTS ${EVERYBODY} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
  `GRANT EXECUTE ON ${LEDGER_SCHEMA}.* TO ${EVERYBODY}`,
] as const;
