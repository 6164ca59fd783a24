import { ByteReader } from "../binlog-format/byte-reader.ts";

/** The session's settings in a Query event, as far as they are needed to read its statement. */
export interface StatusVariables {
  /** `@@sql_mode` as bits. */
  readonly sqlMode: number;
  /**
   * The id of a collation of `@@character_set_client`, the text's character set; null when the
   * event does not contain it.
   */
  readonly collation: number | null;
  /**
   * The databases of all tables that the statement opened, including those opened by triggers and
   * functions. null when the event does not list them, because there are too many or one of the
   * tables is the parent of a foreign key.
   */
  readonly databases: readonly string[] | null;
  /** Whether the event has the field for this list, even if it is empty. */
  readonly saysDatabases: boolean;
}

/**
 * The codes of status variables, and the lengths of those with a fixed length (`Query_event` in
 * MySQL's statement_events.h).
 */
const Q_SQL_MODE_CODE = 1;
const Q_CHARSET_CODE = 4;
const Q_INVOKER = 11;
const Q_UPDATED_DB_NAMES = 12;
const OVER_MAX_DBS_IN_EVENT_MTS = 254;
const FIXED_LENGTHS: ReadonlyMap<number, number> = new Map([
  [0, 4], // Q_FLAGS2_CODE
  [3, 4], // Q_AUTO_INCREMENT
  [7, 2], // Q_LC_TIME_NAMES_CODE
  [8, 2], // Q_CHARSET_DATABASE_CODE
  [9, 8], // Q_TABLE_MAP_FOR_UPDATE_CODE
  [10, 4], // Q_MASTER_DATA_WRITTEN_CODE
  [13, 3], // Q_MICROSECONDS
]);
const LENGTH_PREFIXED: ReadonlySet<number> = new Set([5, 6]); // Q_TIME_ZONE_CODE, Q_CATALOG_NZ_CODE

/**
 * Parses the status variables. Like MySQL's own reader, it stops at the first unknown code, behind
 * which only newer servers write fields.
 */
export function parseStatusVariables(bytes: Buffer): StatusVariables {
  const reader = new ByteReader(bytes);
  let sqlMode = 0;
  let collation: number | null = null;
  let databases: readonly string[] | null = null;
  let saysDatabases = false;
  while (reader.remaining > 0) {
    const code = reader.uint8();
    const length = FIXED_LENGTHS.get(code);
    if (length !== undefined) {
      reader.skip(length);
    } else if (LENGTH_PREFIXED.has(code)) {
      reader.skip(reader.uint8());
    } else if (code === Q_SQL_MODE_CODE) {
      sqlMode = reader.uint(4);
      reader.skip(4);
    } else if (code === Q_CHARSET_CODE) {
      collation = reader.uint16();
      reader.skip(4);
    } else if (code === Q_INVOKER) {
      reader.skip(reader.uint8());
      reader.skip(reader.uint8());
    } else if (code === Q_UPDATED_DB_NAMES) {
      databases = databaseNames(reader);
      saysDatabases = true;
    } else {
      break;
    }
  }
  return { sqlMode, collation, databases, saysDatabases };
}

function databaseNames(reader: ByteReader): string[] | null {
  const count = reader.uint8();
  if (count === OVER_MAX_DBS_IN_EVENT_MTS) return null;
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const end = reader.bytes.indexOf(0, reader.offset);
    names.push(reader.utf8((end === -1 ? reader.end : end) - reader.offset));
    reader.skip(1);
  }
  // An empty name stands for databases that the server could not list.
  return names.length === 0 || names.includes("") ? null : names;
}
