import { ByteReader } from "../byte-reader.ts";
import type { TableDefinition } from "../column.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { EventType } from "../events/event-types.ts";
import { JsonWriter } from "../json-writer.ts";
import { type OnRow, RowChanges } from "./row-changes.ts";
import { RowImageWriterCache } from "./row-image-writer-cache.ts";

export type { OnRow } from "./row-changes.ts";

/** The id of the table that a rows event, given with its header, changes: that of the table map before it. */
export function rowsEventTableId(event: Buffer): number {
  return new ByteReader(event, EVENT_HEADER_LENGTH).uint(6);
}

/**
 * A decoder for the rows of one table. Keep it as long as the definition holds. Throws UnsupportedEventError for a column
 * of a type or collation that is not known.
 */
export function compileRowsDecoder(definition: TableDefinition): RowsDecoder {
  return new RowsDecoder(definition, sharedJson);
}

/**
 * Calls `onRow` for each row of a rows event, in order, and returns how many there were; see `RowsDecoder.decode` for what
 * it throws. `onRow` must not decode another event.
 */
export function forEachRow(event: Buffer, decoder: RowsDecoder, onRow: OnRow): number {
  return decoder.decode(event, onRow);
}

/** Decoding is synchronous and leaves nothing behind, so that one buffer serves the decoders of all tables. */
const sharedJson = new JsonWriter();

/**
 * Turns the rows events of one table into JSON. Make one for each table definition and keep it: everything that the
 * definition decides is decided in the constructor, and again only for a set of columns that was not met before.
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
   * Calls `onRow` for each row of a WRITE, UPDATE or DELETE_ROWS_EVENT (version 1 or 2), given with its header and without
   * checksum, and returns how many rows there were. Throws UnsupportedEventError for a PARTIAL_UPDATE_ROWS_EVENT,
   * CorruptEventError for bytes that are no rows of this table, RowTooLargeError. Format: `Rows_event` in MySQL's
   * libs/mysql/binlog/event/rows_event.h.
   */
  decode(event: Buffer, onRow: OnRow): number {
    const type = event[4] ?? 0;
    if (type === EventType.PARTIAL_UPDATE_ROWS_EVENT) {
      throw new UnsupportedEventError(
        "the server logs parts of JSON documents only; " +
          "SET PERSIST binlog_row_value_options = '' and start again from a later position in the binlog",
      );
    }
    const reader = new ByteReader(event, EVENT_HEADER_LENGTH);
    reader.skip(8); // table id, flags
    if (type >= EventType.WRITE_ROWS_EVENT) {
      const extraLength = reader.uint16(); // counts itself
      if (extraLength < 2)
        throw new CorruptEventError("a rows event has an impossible extra length");
      reader.skip(extraLength - 2);
    }
    const columns = reader.lengthEncoded();
    if (columns !== this.definition.columns.length) {
      throw new CorruptEventError(
        `rows of ${columns} columns for a table map of ${this.definition.columns.length}`,
      );
    }
    const first = this.#images.at(event, reader.skip((columns + 7) >> 3));
    switch (type) {
      case EventType.WRITE_ROWS_EVENT:
      case EventType.WRITE_ROWS_EVENT_V1:
        return this.#changes.decodeInserts(event, reader.offset, first, onRow);
      case EventType.DELETE_ROWS_EVENT:
      case EventType.DELETE_ROWS_EVENT_V1:
        return this.#changes.decodeDeletes(event, reader.offset, first, onRow);
      case EventType.UPDATE_ROWS_EVENT:
      case EventType.UPDATE_ROWS_EVENT_V1: {
        const second = this.#images.at(event, reader.skip((columns + 7) >> 3));
        return this.#changes.decodeUpdates(event, reader.offset, first, second, onRow);
      }
      default:
        throw new UnsupportedEventError(`event type ${type} is no rows event`);
    }
  }
}
