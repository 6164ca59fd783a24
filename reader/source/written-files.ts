import type { Connection, RowDataPacket } from "mysql2/promise";
import { mayNotRead } from "./mysql-errors.ts";

// https://dev.mysql.com/doc/refman/8.4/en/performance-schema-file-summary-tables.html
const WRITTEN = `SELECT SUBSTRING_INDEX(file_name, '/', -1) AS file, sum_number_of_bytes_write AS bytes
  FROM performance_schema.file_summary_by_instance WHERE event_name = 'wait/io/file/sql/binlog'`;

/** The length of the magic number, with which each binlog file begins. */
const MAGIC_LENGTH = 4;

/** A binlog file as SHOW BINARY LOGS shows it. */
export interface ListedFile {
  /** Bytes; 0 when the file is missing on disk. */
  readonly size: number;
  readonly isEncrypted: boolean;
}

/**
 * The first binlog file of which performance_schema proves that the server's present process has
 * written it whole, so that it and all later ones belong to the server's present run; null when it
 * proves it of none. Earlier ones may belong to that run, too.
 *
 * performance_schema counts from the start of the process on. A starting server changes one byte of
 * a file that a crash left open, and may cut it, but it appends to none. So whoever has written as
 * many bytes as a file has, has written its first event. Where the counters were reset, switched
 * off or full, fewer bytes are counted, and that proves nothing. Nor do the bytes of an encrypted
 * file: at each change of the master key, the server writes the header of all files anew.
 *
 * @param files by name, in the order in which they were written. They must have been asked for
 *   before, on this connection: the last file grows.
 */
export async function firstWrittenFile(
  connection: Connection,
  files: ReadonlyMap<string, ListedFile>,
): Promise<string | null> {
  const written = await bytesWritten(connection);
  for (const [name, { size, isEncrypted }] of files)
    if (!isEncrypted && size > MAGIC_LENGTH && (written.get(name) ?? 0) >= size) return name;
  return null;
}

async function bytesWritten(connection: Connection): Promise<ReadonlyMap<string, number>> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>(WRITTEN);
    return new Map(rows.map((row) => [String(row["file"]), Number(row["bytes"])]));
  } catch (error) {
    if (mayNotRead(error)) return new Map();
    throw error;
  }
}
