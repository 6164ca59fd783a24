import type { Connection } from "mysql2/promise";

/**
 * The session settings with which rows are read as in the binlog: texts in the column's character
 * set, timestamps in UTC, CHAR without padding, with generated primary keys
 * and without the server's limit for rows. The session is read-only and takes no locks.
 */
const SESSION = `SET SESSION character_set_results = NULL, time_zone = '+00:00', sql_mode = '',
  transaction_isolation = 'REPEATABLE-READ', transaction_read_only = ON, autocommit = 1,
  sql_select_limit = 18446744073709551615
  /*!80030 , show_gipk_in_create_table_and_information_schema = ON */`;

export async function prepareSnapshotSession(connection: Connection): Promise<void> {
  await connection.query(SESSION);
}
