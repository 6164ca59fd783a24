import * as Layout from "../rows-module/assembly/layout.ts";
import { COMPILED } from "../rows-module/compiled.ts";
import { JsonWriter } from "../json-writer.ts";
import { writeFloat32, writeNumber } from "../values/floats.ts";
import { instantiate } from "../../../wire/assembly-module.ts";
import type { ImageProgram } from "./image-program.ts";
import type { RowTexts } from "./row-texts.ts";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly putRows: (
    first: number,
    second: number,
    isBefore: number,
    from: number,
    end: number,
  ) => number;
}

/**
 * The module that writes rows as JSON, compiled from the AssemblyScript in `rows-module/assembly/`.
 * It writes what nearly all rows consist of, and stops before any other row. What it writes is what
 * `RowChanges` writes.
 */
export class RowsModule {
  /** The module's memory. */
  readonly #bytes: Buffer;
  readonly #words: Int32Array;
  readonly #exports: Exports;
  /** How often the space for programs was filled anew, and where the next one is put. */
  #filling = 1;
  #programsEnd = Layout.PROGRAMS;
  readonly #json = new JsonWriter();
  /** The programs of the images that rows have. */
  #first: ImageProgram | null = null;
  #second: ImageProgram | null = null;
  /** Where what was taken ends. */
  #end: number = Layout.INPUT;

  constructor() {
    const floats = {
      otherDouble: (value: number, out: number) =>
        this.#put(out, (json) => writeNumber(json, value)),
      otherFloat: (value: number, out: number) =>
        this.#put(out, (json) => writeFloat32(json, value)),
    };
    const image = {
      otherValue: (program: number, column: number, at: number, out: number) =>
        this.#putValue(program, column, at, out),
    };
    this.#exports = instantiate(COMPILED, { floats, image }) as Exports;
    this.#bytes = Buffer.from(this.#exports.memory.buffer);
    this.#words = new Int32Array(this.#exports.memory.buffer);
  }

  /**
   * Takes the rows from `start` to `end` of an event, which have these images. Returns whether it
   * can write some of them: there is a program for the images, and the rows are not too long.
   */
  take(
    event: Buffer,
    start: number,
    end: number,
    { program: first }: { readonly program: ImageProgram | null },
    after: { readonly program: ImageProgram | null } | null,
  ): boolean {
    const second = after?.program;
    if (first === null || second === null || end - start > Layout.INPUT_BYTES) return false;
    event.copy(this.#bytes, Layout.INPUT, start, end);
    this.#end = Layout.INPUT + end - start;
    this.#first = first;
    this.#second = second ?? null;
    if (second !== undefined) this.#place(second);
    this.#place(first);
    // The first one may have taken the place of the second.
    if (second !== undefined) this.#place(second);
    return true;
  }

  /**
   * Writes rows of what was taken, the first of which begins at `from` in it. Returns how many it
   * wrote; 0 when it does not write the first one. `isBefore`: whether a row's first image is the
   * row before the change.
   */
  write(isBefore: boolean, from: number): number {
    return this.#exports.putRows(
      this.#first?.place.address ?? 0,
      this.#second?.place.address ?? 0,
      isBefore ? 1 : 0,
      Layout.INPUT + from,
      this.#end,
    );
  }

  /** Where the row begins that was not written any more. */
  get next(): number {
    return (this.#words[Layout.NEXT / 4] as number) - Layout.INPUT;
  }

  /** Sets `texts` to those of a row that was written, by its index. */
  read(row: number, texts: RowTexts): void {
    const words = this.#words;
    const record = Layout.RECORDS / 4 + row * Layout.RECORD_WORDS;
    texts.bytes = this.#bytes;
    texts.start = row === 0 ? Layout.OUTPUT : (words[record - 1] as number);
    texts.beforeEnd = words[record] as number;
    texts.afterEnd = words[record + 1] as number;
    texts.keyEnd = words[record + 2] as number;
    texts.oldKeyEnd = words[record + 3] as number;
  }

  /** Sees that a program is in the memory. There is room for two of any size. */
  #place({ bytes, place }: ImageProgram): void {
    if (place.filling === this.#filling) return;
    if (this.#programsEnd + bytes.length > Layout.PROGRAMS + Layout.PROGRAMS_BYTES) {
      this.#filling++;
      this.#programsEnd = Layout.PROGRAMS;
    }
    place.filling = this.#filling;
    place.address = this.#programsEnd;
    this.#bytes.set(bytes, place.address);
    this.#programsEnd += Math.ceil(bytes.length / 8) * 8;
  }

  /**
   * Writes the value of a column at `out`, and returns where it ends; 0 when there is no room, or
   * when the value is damaged: the decoder then reads the row again, and names the error.
   */
  #putValue(program: number, column: number, at: number, out: number): number {
    const image = this.#first?.place.address === program ? this.#first : this.#second;
    const json = this.#json;
    json.reset();
    try {
      image?.writers[column]?.(this.#bytes, at, json);
    } catch {
      return 0;
    }
    if (out + json.position > Layout.OUTPUT_END) return 0;
    return out + json.bytes.copy(this.#bytes, out, 0, json.position);
  }

  /** Writes a number at `out`, and returns where it ends. */
  #put(out: number, write: (json: JsonWriter) => void): number {
    const json = this.#json;
    json.reset();
    write(json);
    return out + json.bytes.copy(this.#bytes, out, 0, json.position);
  }
}
