/**
 * An event whose bytes contradict its checksum or its format. The reader stops, because the changes
 * cannot be known.
 */
export class CorruptEventError extends Error {
  override readonly name = "CorruptEventError";
}

/**
 * A valid event that this reader cannot turn into exact changes; the message says what is
 * unsupported.
 */
export class UnsupportedEventError extends Error {
  override readonly name = "UnsupportedEventError";
}

/** A followed table with a column that this reader cannot read; the message says why. */
export class UnsupportedTableError extends Error {
  override readonly name = "UnsupportedTableError";
  readonly database: string;
  readonly table: string;

  constructor(database: string, table: string, why: string, options?: ErrorOptions) {
    super(`${database}.${table} cannot be read: ${why}`, options);
    this.database = database;
    this.table = table;
  }
}

/** A table map without column names, which the server writes with `binlog_row_metadata=MINIMAL`. */
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
 * A row, or a statement about a table, that exceeds the limit for the reader's memory; the message
 * names the limit.
 */
export class RowTooLargeError extends Error {
  override readonly name = "RowTooLargeError";
}
