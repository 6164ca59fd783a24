import type { Operation } from "../../wire/frame.ts";
import type { RowTexts } from "../binlog-format/rows/row-texts.ts";

/**
 * The lines of a frame, as the bytes that are sent. A frame takes less than a megabyte in one
 * buffer; as strings on the heap it would take many times that.
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
    if (end - start > SHORT) {
      this.#length += bytes.copy(this.#bytes, this.#length, start, end);
      return;
    }
    const to = this.#bytes;
    for (let from = start; from < end; from++) to[this.#length++] = bytes[from] as number;
  }

  /** Removes the lines after the first `length` bytes, at which a line ends. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Removes the lines. Keeps the buffer for reuse, unless a huge row has made it large. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /** The memory that the buffer takes, bytes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Inserts bytes before the lines, and returns the whole, which is valid until `clear`. */
  prepend(header: Buffer): Buffer {
    const start = header.length;
    this.#ensure(start + this.#length);
    this.#bytes.copyWithin(start, 0, this.#length);
    header.copy(this.#bytes);
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
/**
 * The largest buffer that is kept: enough for a full frame whose last row exceeds the frame size.
 */
const KEPT_BYTES = 2 * 1024 * 1024;
/** Up to this length a loop is faster than a call of a built-in function. */
const SHORT = 32;
const TAB = 0x09;
const ZERO = 0x30;
const MOST_UINT32 = 0xffff_ffff;
/** The bytes of the longest operation and of five numbers up to 2^53, each with a tab. */
const LONGEST_HEAD = 9 + 5 * 17;
const LINE_FEED = 0x0a;
/** The tabs and the line feed outside the head and the texts, bytes. */
const SEPARATORS = 4;
