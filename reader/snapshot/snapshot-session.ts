import type { Connection } from "mysql2/promise";

/**
 * What a session needs so that a row comes as the binlog has it: texts in the bytes of their
 * column, moments in UTC, CHAR without padding. It can only read, and takes no locks.
 */
const SESSION = `SET SESSION character_set_results = NULL, time_zone = '+00:00', sql_mode = '',
  transaction_isolation = 'REPEATABLE-READ', transaction_read_only = ON, autocommit = 1`;

/** Prepares a connection for the statements of a snapshot. */
export async function prepareSnapshotSession(connection: Connection): Promise<void> {
  await connection.query(SESSION);
}
