import { type Registration, REGISTRATIONS, TAGGING_PRIVILEGES } from "./tagging.ts";

/**
 * The session ledger's objects in MySQL. The procedure writes a row for its connection. The reader
 * needs that row in the binlog, ahead of the connection's other changes. The table may therefore be
 * small, and its rows may be overwritten.
 */
export const LEDGER_SCHEMA = "binlog_router";
export const LEDGER_TABLE = `${LEDGER_SCHEMA}.sessions`;
export const LEDGER_PROCEDURE = `${LEDGER_SCHEMA}.register_session`;
export const ROLES_PROCEDURE = `${LEDGER_SCHEMA}.resume_roles`;
/**
 * The procedures that init_connect calls, in this order. An account without EXECUTE on one of them
 * cannot connect.
 */
export const CALLED_PROCEDURES = [LEDGER_PROCEDURE, ROLES_PROCEDURE] as const;

/**
 * The account with whose privileges the procedures run. It is locked against logins.
 */
export const LEDGER_DEFINER = "'binlog_router_ledger'@'localhost'";
/**
 * The account whose grants on a schema hold for every account (see "Grant Tables" in MySQL's
 * manual). When installing creates it, it is locked.
 */
export const EVERYBODY = "''@'%'";

/**
 * The comment by which the ledger's accounts are recognised. Its procedures are recognised by the
 * comments in `REGISTRATIONS`.
 */
export const ACCOUNT_COMMENT = "session ledger of binlog-router; not for logins";

/** Far more rows than connections register at once, so that two seldom need the same row. */
export const SLOTS = 4096;
const CREATE_SCHEMA = `CREATE DATABASE IF NOT EXISTS ${LEDGER_SCHEMA}`;

/** The table has one row per slot, not per connection, so its size is constant. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (
  slot SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
  connection_id BIGINT UNSIGNED NOT NULL COMMENT '0 in a slot that nobody used yet',
  user VARCHAR(32) NOT NULL,
  host VARCHAR(255) NOT NULL,
  at TIMESTAMP(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = '${ACCOUNT_COMMENT}'`;

/**
 * Creates the missing slots, 16³ in total. They are created in advance, because SKIP LOCKED can
 * skip only rows that exist.
 */
export const FILL_TABLE = `INSERT IGNORE INTO ${LEDGER_TABLE} (slot, connection_id, user, host, at)
  WITH RECURSIVE digits (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM digits WHERE n < 15)
  SELECT a.n * 256 + b.n * 16 + c.n, 0, '', '', NOW(6) FROM digits AS a, digits AS b, digits AS c`;

export const COUNT_SLOTS = `SELECT COUNT(*) AS slots FROM ${LEDGER_TABLE}`;

const CREATE_DEFINER = [
  `CREATE USER IF NOT EXISTS ${LEDGER_DEFINER} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
] as const;

const GRANT_ROW = [
  `GRANT SELECT, UPDATE ON ${LEDGER_TABLE} TO ${LEDGER_DEFINER}`,
  `GRANT SELECT ON performance_schema.metadata_locks TO ${LEDGER_DEFINER}`,
] as const;

const GRANT_TAG = `GRANT ${TAGGING_PRIVILEGES.join(", ")} ON *.* TO ${LEDGER_DEFINER}`;
export const REVOKE_TAG = `REVOKE ${TAGGING_PRIVILEGES.join(", ")} ON *.* FROM ${LEDGER_DEFINER}`;

/** Creates the account that the procedures run as, with exactly the privileges that they need. */
export function createDefiner(registration: Registration): readonly string[] {
  const { writesRow, setsTag } = REGISTRATIONS[registration];
  return [...CREATE_DEFINER, ...(writesRow ? GRANT_ROW : []), ...(setsTag ? [GRANT_TAG] : [])];
}

/** Creates the schema, and the ledger's table when the registration writes rows. */
export function createTable(registration: Registration): readonly string[] {
  return REGISTRATIONS[registration].writesRow ? [CREATE_SCHEMA, CREATE_TABLE] : [CREATE_SCHEMA];
}

export const GRANT_EVERYBODY = [
  `CREATE USER IF NOT EXISTS ${EVERYBODY} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
  `GRANT EXECUTE ON ${LEDGER_SCHEMA}.* TO ${EVERYBODY}`,
] as const;
