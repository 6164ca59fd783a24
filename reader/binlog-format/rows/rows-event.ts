import { ByteReader } from "../byte-reader.ts";
import type { TableDefinition } from "../column.ts";
import { CorruptEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { JsonWriter } from "../json-writer.ts";
import { type OnRow, RowChanges } from "./row-changes.ts";
import { RowImageWriterCache } from "./row-image-writer-cache.ts";
import { readRowsHeader } from "./rows-header.ts";

export type { OnRow } from "./row-changes.ts";

/** The table id of a rows event (with header), which refers to a preceding table map. */
export function rowsEventTableId(event: Buffer): number {
  return new ByteReader(event, EVENT_HEADER_LENGTH).uint(6);
}

/**
 * Creates a decoder for the rows of one table, to be reused while the definition is valid. Throws
 * UnsupportedEventError for a column of unknown type or collation.
 */
export function compileRowsDecoder(definition: TableDefinition): RowsDecoder {
  return new RowsDecoder(definition, sharedJson);
}

/**
 * All decoders share one buffer: decoding is synchronous, and texts are valid only during `onRow`.
 */
const sharedJson = new JsonWriter();

/**
 * Turns the rows events of one table into JSON. Create one for each table definition and reuse it:
 * the constructor evaluates the definition, and only new sets of columns need further work.
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
   * Calls `onRow` for each row, in order, of the WRITE, UPDATE or DELETE_ROWS_EVENT (version 1 or
   * 2) in `event` from `start` to `end`, with header, without checksum; returns the number of rows.
   * `onRow` must not decode another event. Throws UnsupportedEventError for a
   * PARTIAL_UPDATE_ROWS_EVENT, CorruptEventError for bytes that are not rows of this table, and
   * RowTooLargeError. Format: `Rows_event` in MySQL's libs/mysql/binlog/event/rows_event.h.
   */
  decode(event: Buffer, onRow: OnRow, start = 0, end = event.length): number {
    const { kind, columns, firstBitmap, secondBitmap, rows } = readRowsHeader(event, start, end);
    if (columns !== this.definition.columns.length) {
      throw new CorruptEventError(
        `a rows event has ${columns} columns, and its table map has ${this.definition.columns.length}`,
      );
    }
    const first = this.#images.at(event, firstBitmap);
    switch (kind) {
      case "insert":
        return this.#changes.decodeInserts(event, rows, end, first, onRow);
      case "delete":
        return this.#changes.decodeDeletes(event, rows, end, first, onRow);
      case "update":
        return this.#changes.decodeUpdates(
          event,
          rows,
          end,
          first,
          this.#images.at(event, secondBitmap),
          onRow,
        );
      default:
        return kind satisfies never;
    }
  }
}
