import type { Connection, RowDataPacket } from "mysql2/promise";
import { mayNotRead } from "./mysql-errors.ts";

// https://dev.mysql.com/doc/refman/8.4/en/performance-schema-file-summary-tables.html
const WRITTEN = `SELECT SUBSTRING_INDEX(file_name, '/', -1) AS file, sum_number_of_bytes_write AS bytes
  FROM performance_schema.file_summary_by_instance WHERE event_name = 'wait/io/file/sql/binlog'`;

/** The length of the magic number, with which each binlog file begins. */
const MAGIC_LENGTH = 4;

/**
 * The first binlog file that the server's present process has written whole, so that it and all
 * later ones belong to the server's present run; null when performance_schema proves it of none.
 *
 * performance_schema counts from the start of the process on. A starting server changes one byte of
 * a file that a crash left open, and may cut it, but it appends to none. So whoever has written as
 * many bytes as a file has, has written its first event. Where the counters were reset, switched
 * off or full, fewer bytes are counted, and that proves nothing.
 *
 * @param fileSizes the sizes of the binlog files, bytes, in the order in which they were written.
 *   They must have been asked for before, on this connection: the last file grows.
 */
export async function firstWrittenFile(
  connection: Connection,
  fileSizes: ReadonlyMap<string, number>,
): Promise<string | null> {
  const written = await bytesWritten(connection);
  for (const [file, size] of fileSizes)
    // A file that is missing on disk is listed with no bytes.
    if (size > MAGIC_LENGTH && (written.get(file) ?? 0) >= size) return file;
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
