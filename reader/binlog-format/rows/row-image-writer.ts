import type { TableDefinition } from "../column.ts";
import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "../values/value-writer.ts";

/**
 * Where the JSON of primary key columns lies in a writer: two offsets for each, by the column's
 * index in the key.
 */
export type KeySpans = number[];

const NULL = Buffer.from("null");
const ABSENT = -1;

/** One column of an image, ready to be written. */
interface Step {
  /** The bytes before the value: `{"id":` or `,"name":`. */
  readonly prefix: Buffer;
  readonly write: ValueWriter;
  /** The column's index in the primary key, or ABSENT. */
  readonly keyIndex: number;
}

/**
 * Writes row images of one table that have the same columns. Made once for each table definition
 * and set of columns, which is nearly always all of them.
 */
export class RowImageWriter {
  readonly #steps: readonly Step[];
  readonly #nullBytes: number;
  readonly #keyLength: number;
  /** Whether the image has all of the table's columns. */
  readonly isWhole: boolean;

  constructor(
    definition: TableDefinition,
    writers: readonly ValueWriter[],
    present: (column: number) => boolean,
  ) {
    const steps: Step[] = [];
    definition.columns.forEach((column, index) => {
      const write = writers[index];
      if (write === undefined || !present(index)) return;
      steps.push({
        prefix: Buffer.from(`${steps.length === 0 ? "{" : ","}${JSON.stringify(column.name)}:`),
        write,
        keyIndex: definition.primaryKey.indexOf(index),
      });
    });
    this.#steps = steps;
    this.isWhole = steps.length === definition.columns.length;
    this.#nullBytes = (steps.length + 7) >> 3;
    this.#keyLength = definition.primaryKey.length;
  }

  /** Whether the image has none of the table's columns. */
  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /**
   * Writes the image at `offset` of `row` as a JSON object, puts into `spans` where the values of
   * the primary key are (where they are in this image), and returns the offset behind the image.
   */
  write(row: Buffer, offset: number, json: JsonWriter, spans: KeySpans): number {
    for (let i = 0; i < 2 * this.#keyLength; i++) spans[i] = ABSENT;
    const steps = this.#steps;
    if (steps.length === 0) {
      json.ascii("{}");
      return offset;
    }
    let at = offset + this.#nullBytes;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as Step;
      json.reserve(step.prefix.length + NULL.length);
      json.putAll(step.prefix);
      const start = json.position;
      if (((row[offset + (i >> 3)] as number) & (1 << (i & 7))) !== 0) json.putAll(NULL);
      else at = step.write(row, at, json);
      if (step.keyIndex !== ABSENT) {
        spans[2 * step.keyIndex] = start;
        spans[2 * step.keyIndex + 1] = json.position;
      }
    }
    json.reserve(1);
    json.put(0x7d);
    return at;
  }
}
