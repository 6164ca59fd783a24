/** The canary's environment, whose only user is the canary's account. */
export const CANARY_ENVIRONMENT = "binlog-router";
/** The subscriber whose one queue the canary reads. */
export const CANARY_SUBSCRIBER = "router-canary";
export const CANARY_DATABASE = "binlog_canary";
/** The table that the canary writes, `database.table`. */
export const CANARY_TABLE = `${CANARY_DATABASE}.beats`;
/** The canary's MySQL account, where the configuration names no other. */
export const CANARY_USER = "binlog_canary";

/** One row for each source. */
export const CREATE_CANARY_TABLE = `CREATE TABLE IF NOT EXISTS ${CANARY_TABLE} (source VARCHAR(64) PRIMARY KEY, written_ms BIGINT NOT NULL)`;
