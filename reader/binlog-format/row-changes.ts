import type { TableDefinition } from "./column.ts";
import { CorruptEventError } from "./errors.ts";
import type { JsonWriter } from "./json-writer.ts";
import type { KeySpans, RowImageWriter } from "./row-image.ts";

/**
 * Takes one changed row. All but `op` are JSON texts, or "" where there is none: `key` the primary key as an object, or ""
 * when the table has none or the images lack a part of it; `oldKey` the key before an update that changed it; `before` and
 * `after` the row images, without the columns that the binlog left out.
 */
export type OnRow = (
  op: "c" | "u" | "d",
  key: string,
  oldKey: string,
  before: string,
  after: string,
) => void;

/** Goes through the rows of events of one table and composes each change's texts: its images and its key. */
export class RowChanges {
  readonly #json: JsonWriter;
  /** The bytes before each value of the key: `{"id":`, `,"part":`. */
  readonly #keyPrefixes: readonly Buffer[];
  readonly #keyLength: number;
  readonly #before: KeySpans = [];
  readonly #after: KeySpans = [];

  constructor(definition: TableDefinition, json: JsonWriter) {
    this.#json = json;
    this.#keyPrefixes = definition.primaryKey.map((index, place) =>
      Buffer.from(
        `${place === 0 ? "{" : ","}${JSON.stringify(definition.columns[index]?.name ?? "")}:`,
      ),
    );
    this.#keyLength = definition.primaryKey.length;
  }

  decodeInserts(row: Buffer, offset: number, image: RowImageWriter, onRow: OnRow): number {
    return this.#eachRow(row, offset, (at) => {
      const json = this.#json;
      const next = writeImage(image, row, at, json, this.#after);
      const end = json.position;
      const keyEnd = this.#writeKey(this.#after, this.#after);
      onRow("c", json.text(end, keyEnd), "", "", json.text(0, end));
      return next;
    });
  }

  decodeDeletes(row: Buffer, offset: number, image: RowImageWriter, onRow: OnRow): number {
    return this.#eachRow(row, offset, (at) => {
      const json = this.#json;
      const next = writeImage(image, row, at, json, this.#before);
      const end = json.position;
      const keyEnd = this.#writeKey(this.#before, this.#before);
      onRow("d", json.text(end, keyEnd), "", json.text(0, end), "");
      return next;
    });
  }

  decodeUpdates(
    row: Buffer,
    offset: number,
    beforeImage: RowImageWriter,
    afterImage: RowImageWriter,
    onRow: OnRow,
  ): number {
    return this.#eachRow(row, offset, (at) => {
      const json = this.#json;
      const middle = writeImage(beforeImage, row, at, json, this.#before);
      const beforeEnd = json.position;
      const next = writeImage(afterImage, row, middle, json, this.#after);
      const afterEnd = json.position;
      // A MINIMAL after image has changed columns only: what it lacks is as it was.
      const keyEnd = this.#writeKey(this.#after, this.#before);
      const oldKeyEnd = this.#writeKey(this.#before, this.#before);
      const key = json.text(afterEnd, keyEnd);
      const oldKey = json.text(keyEnd, oldKeyEnd);
      onRow(
        "u",
        key,
        key === oldKey ? "" : oldKey,
        json.text(0, beforeEnd),
        json.text(beforeEnd, afterEnd),
      );
      return next;
    });
  }

  /** Calls `decode` with the offset of each row; it returns the next one. Returns how many rows there were. */
  #eachRow(row: Buffer, offset: number, decode: (at: number) => number): number {
    let count = 0;
    let at = offset;
    while (at < row.length) {
      this.#json.reset();
      const next = decode(at);
      if (next === at) throw new CorruptEventError("a row without bytes");
      at = next;
      count++;
    }
    return count;
  }

  /** Writes the key, each value from `spans` or else from `fallback`; nothing when one is in neither. Returns its end. */
  #writeKey(spans: KeySpans, fallback: KeySpans): number {
    const json = this.#json;
    const begin = json.position;
    for (let place = 0; place < this.#keyLength; place++) {
      const from = (spans[2 * place] as number) >= 0 ? spans : fallback;
      const start = from[2 * place] as number;
      const end = from[2 * place + 1] as number;
      if (start < 0) {
        json.position = begin;
        return begin;
      }
      const prefix = this.#keyPrefixes[place] as Buffer;
      json.reserve(prefix.length + end - start + 1);
      json.putAll(prefix);
      json.bytes.copyWithin(json.position, start, end);
      json.position += end - start;
    }
    if (this.#keyLength > 0) json.put(0x7d);
    return json.position;
  }
}

/** Writes an image and returns where the next one starts. Throws CorruptEventError when it would end outside the event. */
function writeImage(
  image: RowImageWriter,
  row: Buffer,
  offset: number,
  json: JsonWriter,
  spans: KeySpans,
): number {
  let next: number;
  try {
    next = image.write(row, offset, json, spans);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptEventError("a row ends outside its event", { cause });
  }
  if (next > row.length) throw new CorruptEventError("a row ends outside its event");
  return next;
}
