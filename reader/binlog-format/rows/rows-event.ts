import { ByteReader } from "../byte-reader.ts";
import type { TableDefinition } from "../column.ts";
import { CorruptEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { JsonWriter } from "../json-writer.ts";
import { type OnRow, RowChanges } from "./row-changes.ts";
import { RowImageWriterCache } from "./row-image-writer-cache.ts";
import { readRowsHeader } from "./rows-header.ts";

export type { OnRow } from "./row-changes.ts";

/**
 * The id of the table that a rows event, given with its header, changes: that of the table map
 * before it.
 */
export function rowsEventTableId(event: Buffer): number {
  return new ByteReader(event, EVENT_HEADER_LENGTH).uint(6);
}

/**
 * A decoder for the rows of one table. Keep it as long as the definition holds. Throws
 * UnsupportedEventError for a column of a type or collation that is not known.
 */
export function compileRowsDecoder(definition: TableDefinition): RowsDecoder {
  return new RowsDecoder(definition, sharedJson);
}

/**
 * Calls `onRow` for each row of a rows event, in order, and returns how many there were; see
 * `RowsDecoder.decode` for what it throws. `onRow` must not decode another event.
 */
export function forEachRow(event: Buffer, decoder: RowsDecoder, onRow: OnRow): number {
  return decoder.decode(event, onRow);
}

/**
 * Decoding is synchronous and leaves nothing behind, so that one buffer serves the decoders of all
 * tables.
 */
const sharedJson = new JsonWriter();

/**
 * Turns the rows events of one table into JSON. Make one for each table definition and keep it:
 * everything that the definition decides is decided in the constructor, and again only for a set of
 * columns that was not met before.
 */
export class RowsDecoder {
  readonly definition: TableDefinition;
  readonly #images: RowImageWriterCache;
  readonly #changes: RowChanges;

  constructor(definition: TableDefinition, json: JsonWriter) {
    this.definition = definition;
    this.#changes = new RowChanges(definition, json);
    this.#images = new RowImageWriterCache(definition);
  }

  /**
   * Calls `onRow` for each row of a WRITE, UPDATE or DELETE_ROWS_EVENT (version 1 or 2), given with
   * its header and without checksum, and returns how many rows there were. Throws
   * UnsupportedEventError for a PARTIAL_UPDATE_ROWS_EVENT, CorruptEventError for bytes that are no
   * rows of this table, RowTooLargeError. Format: `Rows_event` in MySQL's
   * libs/mysql/binlog/event/rows_event.h.
   */
  decode(event: Buffer, onRow: OnRow): number {
    const { kind, columns, firstBitmap, secondBitmap, rows } = readRowsHeader(event);
    if (columns !== this.definition.columns.length) {
      throw new CorruptEventError(
        `rows of ${columns} columns for a table map of ${this.definition.columns.length}`,
      );
    }
    const first = this.#images.at(event, firstBitmap);
    switch (kind) {
      case "insert":
        return this.#changes.decodeInserts(event, rows, first, onRow);
      case "delete":
        return this.#changes.decodeDeletes(event, rows, first, onRow);
      case "update":
        return this.#changes.decodeUpdates(
          event,
          rows,
          first,
          this.#images.at(event, secondBitmap),
          onRow,
        );
      default:
        return kind satisfies never;
    }
  }
}
