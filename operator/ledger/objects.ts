import { type Registration, REGISTRATIONS, TAGGING_PRIVILEGES } from "./tagging.ts";

/**
 * The session ledger's objects in MySQL. The procedure writes a row for its connection; what counts
 * is the row's place in the binlog, before anything else that the connection writes, so the table
 * itself may be small and overwrite itself.
 */
export const LEDGER_SCHEMA = "binlog_router";
export const LEDGER_TABLE = `${LEDGER_SCHEMA}.sessions`;
export const LEDGER_PROCEDURE = `${LEDGER_SCHEMA}.register_session`;
export const ROLES_PROCEDURE = `${LEDGER_SCHEMA}.resume_roles`;
/** What init_connect calls, in this order: whoever may not execute one of them cannot connect. */
export const CALLED_PROCEDURES = [LEDGER_PROCEDURE, ROLES_PROCEDURE] as const;

/** An account that nobody can log in with; the procedure runs with its privileges. */
export const LEDGER_DEFINER = "'binlog_router_ledger'@'localhost'";
/**
 * The account whose grants on a schema hold for every account (see "Grant Tables" in MySQL's
 * manual); nobody can log in with it.
 */
export const EVERYBODY = "''@'%'";

/**
 * By this the ledger's own accounts are recognised; its procedures are by the comments of
 * `REGISTRATIONS`.
 */
export const ACCOUNT_COMMENT = "session ledger of binlog-router; not for logins";

/** More than connect and register at the same moment, so that they seldom meet in a row. */
export const SLOTS = 4096;
const CREATE_SCHEMA = `CREATE DATABASE IF NOT EXISTS ${LEDGER_SCHEMA}`;

/** A row per slot, not per connection: the table stays at its size. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (
  slot SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
  connection_id BIGINT UNSIGNED NOT NULL COMMENT '0 in a slot that nobody used yet',
  user VARCHAR(32) NOT NULL,
  host VARCHAR(255) NOT NULL,
  at TIMESTAMP(6) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_bin COMMENT = '${ACCOUNT_COMMENT}'`;

/**
 * Makes the slots that are not there; 16³ of them. All are there from the beginning, because only
 * rows can be skipped that are locked.
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

/** Makes the account that the procedures run as, with what they need and no more. */
export function createDefiner(registration: Registration): readonly string[] {
  const { writesRow, setsTag } = REGISTRATIONS[registration];
  return [...CREATE_DEFINER, ...(writesRow ? GRANT_ROW : []), ...(setsTag ? [GRANT_TAG] : [])];
}

/** The schema, and the ledger's table where the registration writes to it. */
export function createTable(registration: Registration): readonly string[] {
  return REGISTRATIONS[registration].writesRow ? [CREATE_SCHEMA, CREATE_TABLE] : [CREATE_SCHEMA];
}

export const GRANT_EVERYBODY = [
  `CREATE USER IF NOT EXISTS ${EVERYBODY} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK COMMENT '${ACCOUNT_COMMENT}'`,
  `GRANT EXECUTE ON ${LEDGER_SCHEMA}.* TO ${EVERYBODY}`,
] as const;
