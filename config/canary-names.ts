/** The canary's environment. Its only user is the canary's MySQL account. */
export const CANARY_ENVIRONMENT = "binlog-router";
/** The canary's subscriber. It has one queue, which the canary reads. */
export const CANARY_SUBSCRIBER = "router-canary";
export const CANARY_DATABASE = "binlog_canary";
/** The table that the canary writes, `database.table`. */
export const CANARY_TABLE = `${CANARY_DATABASE}.beats`;
/** The default of the canary's MySQL account. */
export const CANARY_USER = "binlog_canary";

/** The canary's table has one row for each source. */
export const CREATE_CANARY_TABLE = `CREATE TABLE IF NOT EXISTS ${CANARY_TABLE} (source VARCHAR(64) PRIMARY KEY, written_ms BIGINT NOT NULL)`;
