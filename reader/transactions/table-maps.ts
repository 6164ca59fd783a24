import { EVENT_HEADER_LENGTH } from "../binlog-format/event-header.ts";
import { compileRowsDecoder, type RowsDecoder } from "../binlog-format/rows-event.ts";
import { parseTableMap, parseTableMapName } from "../binlog-format/table-map.ts";

interface KnownTable {
  /** The event's body, to recognise it when the server repeats it for the next transaction. */
  readonly body: Buffer;
  /** Null for a table that nobody wants. */
  readonly decoder: RowsDecoder | null;
}

/**
 * The tables by the ids that row events use. A table map comes before the rows of each transaction, so rows are always
 * decoded with the columns of their moment; the same map again costs one comparison.
 */
export class TableMaps {
  readonly #isWanted: (database: string, table: string) => boolean;
  readonly #tables = new Map<number, KnownTable>();

  constructor(isWanted: (database: string, table: string) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Takes a TABLE_MAP_EVENT. Throws what parseTableMap throws, for wanted tables only. */
  onTableMap(event: Buffer): void {
    const id = event.readUIntLE(EVENT_HEADER_LENGTH, TABLE_ID_LENGTH);
    const body = event.subarray(EVENT_HEADER_LENGTH);
    if (this.#tables.get(id)?.body.equals(body) === true) return;
    const { database, table } = parseTableMapName(event);
    const decoder = this.#isWanted(database, table)
      ? compileRowsDecoder(parseTableMap(event))
      : null;
    this.#tables.set(id, { body: Buffer.from(body), decoder });
  }

  /** The decoder for a rows event's table; null for a table that nobody wants. */
  decoderFor(rowsEvent: Buffer): RowsDecoder | null {
    return (
      this.#tables.get(rowsEvent.readUIntLE(EVENT_HEADER_LENGTH, TABLE_ID_LENGTH))?.decoder ?? null
    );
  }

  clear(): void {
    this.#tables.clear();
  }
}

const TABLE_ID_LENGTH = 6;
