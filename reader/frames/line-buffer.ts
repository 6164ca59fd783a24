import type { Operation } from "../../wire/frame.ts";
import type { RowTexts } from "../binlog-format/rows/row-texts.ts";

/**
 * Lines of text, kept as the bytes that they will be sent as: a frame waits as less than a megabyte
 * of one buffer, where it would be many times that as strings on the heap.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** UTF-8 bytes, line feeds included. */
  get length(): number {
    return this.#length;
  }

  /** Adds the line of a change, as `encodeChange` writes it. */
  append(
    op: Operation,
    transaction: number,
    table: number,
    offset: number,
    row: number,
    n: number,
    texts: RowTexts,
  ): void {
    const { bytes, beforeEnd, afterEnd, keyEnd, oldKeyEnd } = texts;
    this.#ensure(this.#length + LONGEST_HEAD + oldKeyEnd + SEPARATORS);
    if (this.#length > 0) this.#bytes[this.#length++] = LINE_FEED;
    for (let i = 0; i < op.length; i++) this.#bytes[this.#length++] = op.charCodeAt(i);
    this.#bytes[this.#length++] = TAB;
    this.#putNumber(transaction);
    this.#putNumber(table);
    this.#putNumber(offset);
    this.#putNumber(row);
    this.#putNumber(n);
    this.#copy(bytes, afterEnd, keyEnd);
    this.#bytes[this.#length++] = TAB;
    this.#copy(bytes, keyEnd, oldKeyEnd);
    this.#bytes[this.#length++] = TAB;
    this.#copy(bytes, 0, beforeEnd);
    this.#bytes[this.#length++] = TAB;
    this.#copy(bytes, beforeEnd, afterEnd);
  }

  /** Writes a whole number and a tab. */
  #putNumber(value: number): void {
    const bytes = this.#bytes;
    if (value > MOST_UINT32) {
      this.#length += bytes.write(String(value), this.#length, "latin1");
    } else {
      let rest = value;
      let digits = 1;
      for (let bound = 10; rest >= bound; bound *= 10) digits++;
      this.#length += digits;
      for (let to = this.#length - 1; digits > 0; digits--, to--) {
        const tenth = (rest / 10) >>> 0;
        bytes[to] = ZERO + rest - tenth * 10;
        rest = tenth;
      }
    }
    bytes[this.#length++] = TAB;
  }

  #copy(bytes: Buffer, start: number, end: number): void {
    if (end > start) this.#length += bytes.copy(this.#bytes, this.#length, start, end);
  }

  /** Forgets the lines and keeps the buffer for others, unless one huge row has made it large. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /** Bytes of memory that it takes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Puts a text before the lines; all of it together, valid until they are cleared. */
  prepend(text: string): Buffer {
    const start = Buffer.byteLength(text);
    this.#ensure(start + this.#length);
    this.#bytes.copyWithin(start, 0, this.#length);
    this.#bytes.write(text, "utf8");
    this.#length += start;
    return this.#bytes.subarray(0, this.#length);
  }

  #ensure(capacity: number): void {
    if (capacity <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(capacity, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const FIRST_BYTES = 4096;
/** Room for a full frame, whose last row may go beyond it. */
const KEPT_BYTES = 2 * 1024 * 1024;
const TAB = 0x09;
const ZERO = 0x30;
const MOST_UINT32 = 0xffff_ffff;
/** Bytes of the longest operation and of five numbers of up to 2^53, with a tab behind each. */
const LONGEST_HEAD = 9 + 5 * 17;
const LINE_FEED = 0x0a;
/** Bytes of a line that are neither head nor text. */
const SEPARATORS = 4;
