import type { Operation } from "../../wire/frame.ts";
import { freeBytes } from "../../wire/free-bytes.ts";
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
    const { bytes, start, beforeEnd, afterEnd, keyEnd, oldKeyEnd } = texts;
    this.#ensure(this.#length + LONGEST_HEAD + oldKeyEnd - start + SEPARATORS);
    const to = this.#bytes;
    let at = this.#length;
    if (at > 0) to[at++] = LINE_FEED;
    for (let i = 0; i < op.length; i++) to[at++] = op.charCodeAt(i);
    to[at++] = TAB;
    at = putNumber(to, at, transaction);
    at = putNumber(to, at, table);
    at = putNumber(to, at, offset);
    at = putNumber(to, at, row);
    at = putNumber(to, at, n);
    at = copy(bytes, afterEnd, keyEnd, to, at);
    to[at++] = TAB;
    at = copy(bytes, keyEnd, oldKeyEnd, to, at);
    to[at++] = TAB;
    at = copy(bytes, start, beforeEnd, to, at);
    to[at++] = TAB;
    this.#length = copy(bytes, beforeEnd, afterEnd, to, at);
  }

  /** Removes the lines after the first `length` bytes, at which a line ends. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Removes the lines. Keeps the buffer for reuse, unless a huge row made it large. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length <= KEPT_BYTES) return;
    freeBytes(this.#bytes);
    this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
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
    const doubled = 2 * this.#bytes.length;
    const full = FULL_BYTES.find((bytes) => bytes < doubled && bytes >= capacity);
    const larger = Buffer.allocUnsafe(full ?? Math.max(capacity, doubled));
    this.#bytes.copy(larger, 0, 0, this.#length);
    freeBytes(this.#bytes);
    this.#bytes = larger;
  }
}

const FIRST_BYTES = 4096;
/**
 * A full frame fits into so many bytes unless its last row is long, see `FrameSizes`: first one
 * that is full at the usual size, then one whose rows compress well.
 */
const FULL_BYTES = [768 * 1024, 1088 * 1024];
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

/** Writes a whole number and a tab at `at`; returns where they end. */
function putNumber(to: Buffer, at: number, value: number): number {
  let end: number;
  if (value > MOST_UINT32) {
    end = at + to.write(String(value), at, "latin1");
  } else {
    let rest = value >>> 0;
    end = at + 1;
    for (let bound = 10; rest >= bound; bound *= 10) end++;
    for (let digit = end - 1; digit >= at; digit--) {
      const tenth = (rest / 10) >>> 0;
      to[digit] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
  }
  to[end] = TAB;
  return end + 1;
}

/** Copies the bytes from `start` to `end` to `at`; returns where the copy ends. */
function copy(bytes: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > SHORT) return at + bytes.copy(to, at, start, end);
  for (let from = start; from < end; from++) to[at + from - start] = bytes[from] as number;
  return at + end - start;
}
