import type { TableDefinition } from "../column.ts";
import { CorruptEventError } from "../errors.ts";
import type { JsonWriter } from "../json-writer.ts";
import type { KeySpans, RowImageWriter } from "./row-image-writer.ts";
import { RowTexts } from "./row-texts.ts";

/** Called with each changed row; the texts are valid only during the call. */
export type OnRow = (op: "c" | "u" | "d", texts: RowTexts) => void;

const NOTHING = Buffer.alloc(0);

/**
 * Reads the rows in the events of one table and writes the texts of each change: its images and its
 * key.
 */
export class RowChanges {
  readonly #json: JsonWriter;
  /** The bytes before each value of the key: `{"id":`, `,"part":`. */
  readonly #keyPrefixes: readonly Buffer[];
  readonly #keyLength: number;
  readonly #before: KeySpans = [];
  readonly #after: KeySpans = [];
  /** The texts of the present row. */
  readonly #texts = new RowTexts(NOTHING);

  constructor(definition: TableDefinition, json: JsonWriter) {
    this.#json = json;
    this.#keyPrefixes = definition.primaryKey.map((column, index) =>
      Buffer.from(
        `${index === 0 ? "{" : ","}${JSON.stringify(definition.columns[column]?.name ?? "")}:`,
      ),
    );
    this.#keyLength = definition.primaryKey.length;
  }

  /**
   * Reads the inserted row at `at`, which ends at `end` at the latest, and returns where it ends.
   * So do `delete` and `update`. Throws CorruptEventError and RowTooLargeError.
   */
  insert(event: Buffer, at: number, end: number, image: RowImageWriter, onRow: OnRow): number {
    const json = this.#json;
    json.reset();
    const next = writeImage(image, event, at, end, json, this.#after);
    const afterEnd = json.position;
    const keyEnd = this.#writeKey(this.#after, this.#after);
    this.#texts.isWhole = image.isWhole;
    onRow("c", this.#set(0, afterEnd, keyEnd, keyEnd));
    return next;
  }

  delete(event: Buffer, at: number, end: number, image: RowImageWriter, onRow: OnRow): number {
    const json = this.#json;
    json.reset();
    const next = writeImage(image, event, at, end, json, this.#before);
    const beforeEnd = json.position;
    const keyEnd = this.#writeKey(this.#before, this.#before);
    this.#texts.isWhole = true;
    onRow("d", this.#set(beforeEnd, beforeEnd, keyEnd, keyEnd));
    return next;
  }

  update(
    event: Buffer,
    at: number,
    end: number,
    beforeImage: RowImageWriter,
    afterImage: RowImageWriter,
    onRow: OnRow,
  ): number {
    const json = this.#json;
    json.reset();
    const middle = writeImage(beforeImage, event, at, end, json, this.#before);
    const beforeEnd = json.position;
    const next = writeImage(afterImage, event, middle, end, json, this.#after);
    const afterEnd = json.position;
    // A MINIMAL after image has only the changed columns; the other key columns are unchanged.
    const keyEnd = this.#writeKey(this.#after, this.#before);
    const oldKeyEnd = this.#writeKey(this.#before, this.#before);
    const isSame = oldKeyEnd - keyEnd === keyEnd - afterEnd && json.repeats(afterEnd, keyEnd);
    this.#texts.isWhole = afterImage.isWhole;
    onRow("u", this.#set(beforeEnd, afterEnd, keyEnd, isSame ? keyEnd : oldKeyEnd));
    return next;
  }

  /** The texts in the JSON writer's buffer, with these ends. */
  #set(beforeEnd: number, afterEnd: number, keyEnd: number, oldKeyEnd: number): RowTexts {
    const texts = this.#texts;
    texts.bytes = this.#json.bytes;
    texts.beforeEnd = beforeEnd;
    texts.afterEnd = afterEnd;
    texts.keyEnd = keyEnd;
    texts.oldKeyEnd = oldKeyEnd;
    return texts;
  }

  /**
   * Writes the key, each value from `spans` or else from `fallback`; writes nothing when a value is
   * in neither. Returns the key's end.
   */
  #writeKey(spans: KeySpans, fallback: KeySpans): number {
    const json = this.#json;
    const begin = json.position;
    for (let i = 0; i < this.#keyLength; i++) {
      const from = (spans[2 * i] as number) >= 0 ? spans : fallback;
      const start = from[2 * i] as number;
      const end = from[2 * i + 1] as number;
      if (start < 0) {
        json.position = begin;
        return begin;
      }
      const prefix = this.#keyPrefixes[i] as Buffer;
      json.reserve(prefix.length + end - start + 1);
      json.putAll(prefix);
      json.putAgain(start, end);
    }
    if (this.#keyLength > 0) json.put(0x7d);
    return json.position;
  }
}

/**
 * Writes an image and returns where it ends. Throws CorruptEventError when it exceeds the event.
 */
function writeImage(
  image: RowImageWriter,
  row: Buffer,
  offset: number,
  limit: number,
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
  if (next > limit) throw new CorruptEventError("a row ends outside its event");
  return next;
}
