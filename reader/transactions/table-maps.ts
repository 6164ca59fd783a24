import { CorruptEventError, UnsupportedEventError } from "../binlog-format/errors.ts";
import { EVENT_HEADER_LENGTH } from "../binlog-format/events/event-header.ts";
import { RowCounter } from "../binlog-format/rows/row-counter.ts";
import { compileRowsDecoder, type RowsDecoder } from "../binlog-format/rows/rows-event.ts";
import {
  parseTableMap,
  parseTableMapColumns,
  parseTableMapName,
} from "../binlog-format/rows/table-map.ts";

interface KnownTable {
  readonly id: number;
  /**
   * The event behind the id, to recognise it when the server repeats it for the next transaction.
   */
  readonly definition: Buffer;
  readonly rows: TableRows;
}

/**
 * What becomes of a table's rows: decoded where it is read, else counted. Null: they can neither be
 * decoded nor counted, and nobody reads them. They count as no rows. A reader that did read the
 * table would stop there, so whoever gets past them has counted the same.
 */
export type TableRows = RowsDecoder | RowCounter | null;

/**
 * The tables by the ids that row events use. A table map comes before the rows of each transaction,
 * so rows are always decoded with the columns of their moment; the same map again costs one
 * comparison. A server that has closed a table, for want of room in its cache, gives it another id
 * when it opens it again: the new id replaces the old one.
 */
export class TableMaps {
  readonly #isWanted: (database: string, table: string) => boolean;
  readonly #tables = new Map<number, KnownTable>();
  readonly #byName = new Map<string, KnownTable>();

  constructor(isWanted: (database: string, table: string) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Takes a TABLE_MAP_EVENT. Throws what parseTableMap throws, for wanted tables only. */
  onTableMap(event: Buffer): void {
    const id = event.readUIntLE(EVENT_HEADER_LENGTH, TABLE_ID_LENGTH);
    const definition = event.subarray(EVENT_HEADER_LENGTH + TABLE_ID_LENGTH);
    if (this.#tables.get(id)?.definition.equals(definition) === true) return;
    const { database, table } = parseTableMapName(event);
    const name = `${database}\0${table}`;
    const former = this.#byName.get(name);
    if (former !== undefined && this.#tables.get(former.id) === former)
      this.#tables.delete(former.id);
    const known =
      former?.definition.equals(definition) === true
        ? { ...former, id }
        : {
            id,
            definition: Buffer.from(definition),
            rows: this.#rows(event, database, table),
          };
    this.#tables.set(id, known);
    this.#byName.set(name, known);
  }

  /**
   * What becomes of the rows in a rows event. Throws CorruptEventError when no table map came
   * before it.
   */
  rowsOf(rowsEvent: Buffer): TableRows {
    const id = rowsEvent.readUIntLE(EVENT_HEADER_LENGTH, TABLE_ID_LENGTH);
    const known = this.#tables.get(id);
    if (known !== undefined) return known.rows;
    if (NO_TABLE.has(id)) return null;
    throw new CorruptEventError("rows of a table whose table map did not come before them");
  }

  clear(): void {
    this.#tables.clear();
    this.#byName.clear();
  }

  #rows(event: Buffer, database: string, table: string): TableRows {
    return this.#isWanted(database, table)
      ? compileRowsDecoder(parseTableMap(event))
      : rowCounter(event);
  }
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

/**
 * The ids of an event without rows that only ends a statement (`Rows_event::m_table_id` in MySQL's
 * rows_event.h).
 */
const NO_TABLE: ReadonlySet<number> = new Set([0xffffff, 2 ** 48 - 1]);
