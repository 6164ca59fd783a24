import { ByteReader } from "../byte-reader.ts";
import type { TableDefinition } from "../column.ts";
import { CorruptEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { JsonWriter } from "../json-writer.ts";
import { type OnRow, RowChanges } from "./row-changes.ts";
import { RowImageWriterCache } from "./row-image-writer-cache.ts";
import type { RowImageWriter } from "./row-image-writer.ts";
import { RowTexts } from "./row-texts.ts";
import { readRowsHeader, type RowsHeader } from "./rows-header.ts";
import { RowsModule } from "./rows-module.ts";

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
  return new RowsDecoder(definition, sharedJson, sharedModule);
}

/**
 * All decoders share these, because decoding is synchronous and texts are valid only during
 * `onRow`.
 */
const sharedJson = new JsonWriter();
const sharedModule = new RowsModule();

/**
 * Turns the rows events of one table into JSON. Create one for each table definition and reuse it:
 * the constructor evaluates the definition, and only new sets of columns need further work.
 */
export class RowsDecoder {
  readonly definition: TableDefinition;
  readonly #images: RowImageWriterCache;
  readonly #changes: RowChanges;
  readonly #module: RowsModule | null;
  readonly #texts = new RowTexts(Buffer.alloc(0));
  /** Of the present event: what happened to its rows, and the writers of their images. */
  #kind: RowsHeader["kind"] = "insert";
  #first: RowImageWriter;
  #second: RowImageWriter | null = null;

  /** `module`: null to decode every row here. */
  constructor(definition: TableDefinition, json: JsonWriter, module: RowsModule | null) {
    this.definition = definition;
    this.#module = module;
    this.#changes = new RowChanges(definition, json);
    this.#images = new RowImageWriterCache(definition);
    this.#first = this.#images.whole;
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
    this.#kind = kind;
    this.#first = first;
    this.#second = kind === "update" ? this.#images.at(event, secondBitmap) : null;
    // With binlog_row_image=MINIMAL, INSERT INTO t VALUES () has no column and so no bytes. The
    // server writes such rows in separate events.
    if (kind === "insert" && first.isEmpty && rows === end) {
      this.#changes.insert(event, rows, end, first, onRow);
      return 1;
    }
    return this.#decodeRows(event, rows, end, onRow);
  }

  /** Lets the module write the rows, and writes those that it does not write. */
  #decodeRows(event: Buffer, start: number, end: number, onRow: OnRow): number {
    const module =
      this.#module?.take(event, start, end, this.#first, this.#second) === true
        ? this.#module
        : null;
    const isBefore = this.#kind !== "insert";
    const op = OPERATIONS[this.#kind];
    const texts = this.#texts;
    let count = 0;
    for (let at = start; at < end;) {
      const written = module?.write(isBefore, at - start) ?? 0;
      if (module === null || written === 0) {
        at = behind(at, this.#decodeRow(event, at, end, onRow));
        count++;
        continue;
      }
      texts.isWhole = this.#kind === "delete" || (this.#second ?? this.#first).isWhole;
      for (let row = 0; row < written; row++) {
        module.read(row, texts);
        onRow(op, texts);
      }
      at = start + module.next;
      count += written;
    }
    return count;
  }

  #decodeRow(event: Buffer, at: number, end: number, onRow: OnRow): number {
    const changes = this.#changes;
    const first = this.#first;
    if (this.#second !== null) return changes.update(event, at, end, first, this.#second, onRow);
    return this.#kind === "insert"
      ? changes.insert(event, at, end, first, onRow)
      : changes.delete(event, at, end, first, onRow);
  }
}

/** The offset behind a row. Throws CorruptEventError when the row has no bytes. */
function behind(at: number, next: number): number {
  if (next === at) throw new CorruptEventError("a row has no bytes");
  return next;
}

const OPERATIONS = { insert: "c", update: "u", delete: "d" } as const;
