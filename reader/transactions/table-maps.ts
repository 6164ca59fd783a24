import {
  CorruptEventError,
  UnsupportedEventError,
  UnsupportedTableError,
} from "../binlog-format/errors.ts";
import { EVENT_HEADER_LENGTH } from "../binlog-format/events/event-header.ts";
import { RowCounter } from "../binlog-format/rows/row-counter.ts";
import { compileRowsDecoder, type RowsDecoder } from "../binlog-format/rows/rows-event.ts";
import { viewOf } from "../binlog-format/view-of.ts";
import type { FormerNames } from "../../wire/frame.ts";
import {
  parseTableMap,
  parseTableMapColumns,
  parseTableMapName,
} from "../binlog-format/rows/table-map.ts";

interface KnownTable {
  readonly id: number;
  /**
   * The table map event without header and id, to recognise a repetition in a later transaction.
   */
  readonly definition: Buffer;
  /** The same bytes. */
  readonly view: DataView;
  readonly rows: TableRows;
}

/**
 * How a table's rows are handled: decoded when the table is read, else counted. null: the table is
 * not read and its rows cannot be counted, so they count as zero. A reader that reads the table
 * stops at such rows, so all readers that pass them have counted alike.
 */
export type TableRows = RowsDecoder | RowCounter | null;

/**
 * The tables by the ids that rows events use. In each transaction, table maps precede the rows, so
 * rows are always decoded with the columns that the table had at that moment. A repeated map costs
 * one comparison. When a server reopens a table that its cache dropped, the table gets a new id,
 * which replaces the old one.
 */
export class TableMaps {
  readonly #isWanted: (database: string, table: string) => boolean;
  readonly #formerNames: (database: string, table: string) => FormerNames | undefined;
  readonly #tables = new Map<number, KnownTable>();
  readonly #byName = new Map<string, KnownTable>();
  /** The table of the last table map. */
  #latest: KnownTable | null = null;

  /**
   * `formerNames` may answer otherwise after `clear`, which every statement about tables causes.
   */
  constructor(
    isWanted: (database: string, table: string) => boolean,
    formerNames: (database: string, table: string) => FormerNames | undefined = () => undefined,
  ) {
    this.#isWanted = isWanted;
    this.#formerNames = formerNames;
  }

  /**
   * Handles the TABLE_MAP_EVENT in `bytes` from `start` to `end`. For wanted tables it throws
   * UnsupportedTableError, MissingRowMetadataError or CorruptEventError.
   */
  onTableMap(bytes: Buffer, start = 0, end = bytes.length): void {
    const begin = start + EVENT_HEADER_LENGTH + TABLE_ID_LENGTH;
    if (begin > end) throw new CorruptEventError("a table map has no table id");
    const id = tableIdAt(bytes, start + EVENT_HEADER_LENGTH);
    const latest = id === this.#latest?.id ? this.#latest : this.#tables.get(id);
    if (latest !== undefined && isEqual(latest.view, bytes, begin, end)) {
      this.#latest = latest;
      return;
    }
    const event = bytes.subarray(start, end);
    const definition = bytes.subarray(begin, end);
    const { database, table } = parseTableMapName(event);
    const name = `${database}\0${table}`;
    const former = this.#byName.get(name);
    if (former !== undefined && this.#tables.get(former.id) === former)
      this.#tables.delete(former.id);
    const known =
      former?.definition.equals(definition) === true
        ? { ...former, id }
        : knownTable(id, Buffer.from(definition), this.#rows(event, database, table));
    this.#latest = known;
    this.#tables.set(id, known);
    this.#byName.set(name, known);
  }

  /**
   * How the rows of the rows event in `bytes` from `start` to `end` are handled. Throws
   * CorruptEventError when its table map is missing.
   */
  rowsOf(bytes: Buffer, start = 0, end = bytes.length): TableRows {
    const at = start + EVENT_HEADER_LENGTH;
    if (at + TABLE_ID_LENGTH > end) throw new CorruptEventError("a rows event has no table id");
    const id = tableIdAt(bytes, at);
    if (id === this.#latest?.id) return this.#latest.rows;
    const known = this.#tables.get(id);
    if (known !== undefined) return known.rows;
    if (NO_TABLE.has(id)) return null;
    throw new CorruptEventError("a rows event has no table map before it");
  }

  clear(): void {
    this.#latest = null;
    this.#tables.clear();
    this.#byName.clear();
  }

  #rows(event: Buffer, database: string, table: string): TableRows {
    if (!this.#isWanted(database, table)) return rowCounter(event);
    const former = this.#formerNames(database, table);
    try {
      const definition = parseTableMap(event);
      return compileRowsDecoder(former === undefined ? definition : { ...definition, former });
    } catch (cause) {
      if (!(cause instanceof UnsupportedEventError)) throw cause;
      throw new UnsupportedTableError(database, table, cause.message, { cause });
    }
  }
}

function knownTable(id: number, definition: Buffer, rows: TableRows): KnownTable {
  const { buffer, byteOffset, length } = definition;
  return { id, definition, view: new DataView(buffer, byteOffset, length), rows };
}

/** Whether a view has the bytes from `start` to `end`. Compares eight at a time. */
function isEqual(view: DataView, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (view.byteLength !== length) return false;
  const other = viewOf(bytes);
  let at = 0;
  for (; at + 8 <= length; at += 8)
    if (view.getBigInt64(at, true) !== other.getBigInt64(start + at, true)) return false;
  for (; at < length; at++) if (view.getInt8(at) !== other.getInt8(start + at)) return false;
  return true;
}

function rowCounter(event: Buffer): RowCounter | null {
  try {
    return new RowCounter(parseTableMapColumns(event));
  } catch (error) {
    if (error instanceof UnsupportedEventError || error instanceof CorruptEventError) return null;
    throw error;
  }
}

const TABLE_ID_LENGTH = 6;

/** The table id at `at`, lowest byte first. */
function tableIdAt(bytes: Buffer, at: number): number {
  const view = viewOf(bytes);
  const high = view.getUint16(at + 4, true);
  return high === 0 ? view.getUint32(at, true) : high * 2 ** 32 + view.getUint32(at, true);
}

/**
 * The table ids of an event without rows, which only ends a statement (`Rows_event::m_table_id` in
 * MySQL's rows_event.h).
 */
const NO_TABLE: ReadonlySet<number> = new Set([0xffffff, 2 ** 48 - 1]);
