/** Server variables by name. `null` switches one off (`--skip-name`), as in `{ log_bin: null }`. */
export type ServerVariables = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The variables of every server that is started here; callers override single ones.
 *
 * Commits are handed to the operating system but not forced to disk. They survive the death of the
 * server process, which tests cause, but not a power failure, which they do not cause.
 */
export const DEFAULT_VARIABLES: ServerVariables = {
  bind_address: "127.0.0.1",
  mysqlx: false,
  server_id: 1,
  log_bin: "mysql-bin",
  binlog_format: "ROW",
  binlog_row_image: "FULL",
  binlog_row_metadata: "FULL",
  gtid_mode: "ON",
  enforce_gtid_consistency: "ON",
  sync_binlog: 0,
  innodb_flush_log_at_trx_commit: 2,
  innodb_buffer_pool_size: "64M",
  innodb_log_buffer_size: "16M",
  loose_innodb_redo_log_capacity: "64M",
  // Needed for the process list. What else it would record costs memory, and with it a fifth of the
  // processor time of a start.
  performance_schema: true,
  performance_schema_instrument: "memory/%=OFF",
  performance_schema_digests_size: 500,
  performance_schema_error_size: 0,
  performance_schema_events_stages_history_long_size: 0,
  performance_schema_events_statements_history_long_size: 0,
  performance_schema_events_transactions_history_long_size: 0,
  performance_schema_events_waits_history_long_size: 0,
  max_connections: 1000,
  table_open_cache: 400,
  secure_file_priv: "NULL",
  log_error_verbosity: 2,
};

/** The variables as command line options of mysqld. */
export function variableOptions(variables: ServerVariables): string[] {
  return Object.entries(variables).map(([name, value]) => {
    if (value === null) return `--skip-${name}`;
    return `--${name}=${typeof value === "boolean" ? (value ? "ON" : "OFF") : value}`;
  });
}
