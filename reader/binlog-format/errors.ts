/**
 * An event whose bytes contradict its checksum or its own format. The reader stops: going on would
 * be guessing.
 */
export class CorruptEventError extends Error {
  override readonly name = "CorruptEventError";
}

/**
 * A sound event that this reader cannot turn into exact changes; the message names the server
 * setting to change.
 */
export class UnsupportedEventError extends Error {
  override readonly name = "UnsupportedEventError";
}

/**
 * A table map without column names: the server logs `binlog_row_metadata=MINIMAL`, so the values
 * have no names.
 */
export class MissingRowMetadataError extends Error {
  override readonly name = "MissingRowMetadataError";
  readonly database: string;
  readonly table: string;

  constructor(database: string, table: string) {
    super(
      `the binlog names no columns for ${database}.${table}; ` +
        "run SET PERSIST binlog_row_metadata = 'FULL' and start again from a later position in the binlog",
    );
    this.database = database;
    this.table = table;
  }
}

/**
 * A row, or a statement about a table, that would take more memory than a reader has; the message
 * names it and its limit.
 */
export class RowTooLargeError extends Error {
  override readonly name = "RowTooLargeError";
}
