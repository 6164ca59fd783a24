import type { TableDefinition } from "../column.ts";
import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "../values/value-writer.ts";
import type { ImageProgram } from "./image-program.ts";

/**
 * The start and end of each primary key column's JSON in the writer: two offsets per column, by its
 * index in the key.
 */
export type KeySpans = number[];

const NULL = Buffer.from("null");
const ABSENT = -1;

/** One column of an image, with all that is needed to write it. */
interface Step {
  /** The text before the value: `{"id":` or `,"name":`. */
  readonly prefix: Buffer;
  readonly write: ValueWriter;
  /** The column's index in the primary key, or ABSENT. */
  readonly keyIndex: number;
}

/**
 * Writes a table's row images that have the same columns. There is one for each table definition
 * and set of columns, which is nearly always all.
 */
export class RowImageWriter {
  readonly #steps: readonly Step[];
  readonly #nullBytes: number;
  readonly #keyLength: number;
  /** Whether the image has all of the table's columns. */
  readonly isWhole: boolean;
  /** How the module of rows writes these images; null when it cannot. */
  readonly program: ImageProgram | null;

  constructor(
    definition: TableDefinition,
    writers: readonly ValueWriter[],
    present: (column: number) => boolean,
    program: ImageProgram | null = null,
  ) {
    this.program = program;
    const steps: Step[] = [];
    definition.columns.forEach((column, index) => {
      const write = writers[index];
      if (write === undefined || !present(index)) return;
      const prefix = Buffer.from(
        `${steps.length === 0 ? "{" : ","}${JSON.stringify(column.name)}:`,
      );
      steps.push({ prefix, write, keyIndex: definition.primaryKey.indexOf(index) });
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
   * Writes the image at `offset` of `row` as a JSON object, and returns the offset behind the
   * image. Sets `spans` to the positions of the primary key values that this image contains.
   */
  write(row: Buffer, offset: number, json: JsonWriter, spans: KeySpans): number {
    this.#forget(spans);
    const steps = this.#steps;
    if (steps.length === 0) {
      json.ascii("{}");
      return offset;
    }
    let at = offset + this.#nullBytes;
    for (let i = 0; i < steps.length; i++) at = this.#writeValue(i, row, offset, at, json, spans);
    json.reserve(1);
    json.put(0x7d);
    return at;
  }

  /** An image may lack columns of the key. */
  #forget(spans: KeySpans): void {
    for (let i = 0; i < 2 * this.#keyLength; i++) spans[i] = ABSENT;
  }

  /**
   * Writes the value at `at` of the image at `image`, with its prefix; returns the offset behind
   * the value.
   */
  #writeValue(
    index: number,
    row: Buffer,
    image: number,
    at: number,
    json: JsonWriter,
    spans: KeySpans,
  ): number {
    const { prefix, write, keyIndex } = this.#steps[index] as Step;
    json.reserve(prefix.length + NULL.length);
    json.putAll(prefix);
    const start = json.position;
    let next = at;
    if (isNull(row, image, index)) json.putAll(NULL);
    else next = write(row, at, json);
    if (keyIndex !== ABSENT) {
      spans[2 * keyIndex] = start;
      spans[2 * keyIndex + 1] = json.position;
    }
    return next;
  }
}

function isNull(row: Buffer, image: number, index: number): boolean {
  return ((row[image + (index >> 3)] as number) & (1 << (index & 7))) !== 0;
}
