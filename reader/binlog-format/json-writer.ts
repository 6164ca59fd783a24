import { RowTooLargeError } from "./errors.ts";
import { viewOf } from "./view-of.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const MINUS = 0x2d;

/**
 * For each byte of UTF-8: 0 if it needs no escape in a JSON string, else the character after the
 * backslash.
 */
const ESCAPES = new Uint8Array(256).fill(0x75 /* u */, 0, 0x20);
for (const [byte, letter] of Object.entries({ 8: "b", 9: "t", 10: "n", 12: "f", 13: "r" })) {
  ESCAPES[Number(byte)] = letter.charCodeAt(0);
}
ESCAPES[QUOTE] = QUOTE;
ESCAPES[BACKSLASH] = BACKSLASH;

/** Four bytes are checked at a time; EACH_BYTE repeats a byte in all four. */
const WORD = 4;
const EACH_BYTE = 0x01010101;
export const HIGHEST_BITS = 0x80808080 | 0;
const LONGEST_ESCAPE = 6;
/** Up to this length a loop is faster than a call of a built-in function. */
const SHORT = 32;
/** A multiple of three, so that pieces of base64 have no padding between them. */
const BASE64_PIECE = 3 << 16;

/** The two digits of the numbers 0 to 99. */
const TENS = Uint8Array.from({ length: 100 }, (_, pair) => ZERO + Math.floor(pair / 10));
const ONES = Uint8Array.from({ length: 100 }, (_, pair) => ZERO + (pair % 10));

const HEX = Buffer.from("0123456789abcdef");
const CAPACITY = 64 * 1024;
const KEPT_CAPACITY = 1 << 20;
/**
 * The limit for the images and keys of one change, bytes. The change is copied into its frame, and
 * the frame is compressed: at this limit the reader needs about 600 MB of the task's 1 GiB.
 */
const LONGEST_ROW = 64 << 20;

/**
 * Builds JSON as UTF-8 in one buffer that is reused for every row. A value's bytes are copied from
 * the event to their position in the text, without a string in between.
 *
 * For methods that begin with `put`, the caller reserves the space; the others reserve it
 * themselves.
 */
export class JsonWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(CAPACITY);
  position = 0;
  #view = newView(this.bytes);

  /** Starts a new text. */
  reset(): void {
    this.position = 0;
    if (this.bytes.length > KEPT_CAPACITY) {
      this.bytes = Buffer.allocUnsafeSlow(CAPACITY);
      this.#view = newView(this.bytes);
    }
  }

  /** Reserves space for `length` more bytes. Throws RowTooLargeError. */
  reserve(length: number): void {
    const needed = this.position + length;
    if (needed > this.bytes.length) this.grow(needed);
  }

  put(byte: number): void {
    this.bytes[this.position++] = byte;
  }

  /** Puts two digits of a number from 0 to 99. */
  putPair(value: number): void {
    const { bytes } = this;
    const to = this.position;
    bytes[to] = TENS[value] as number;
    bytes[to + 1] = ONES[value] as number;
    this.position = to + 2;
  }

  /** Puts a part of the existing text again. */
  putAgain(start: number, end: number): void {
    const { bytes } = this;
    const to = this.position;
    if (end - start > SHORT) bytes.copyWithin(to, start, end);
    else
      for (let from = start; from < end; from++) bytes[to + from - start] = bytes[from] as number;
    this.position = to + end - start;
  }

  /** Whether the text from `start` to `end` follows once more behind `end`. */
  repeats(start: number, end: number): boolean {
    const { bytes } = this;
    const shift = end - start;
    for (let at = start; at < end; at++) if (bytes[at] !== bytes[at + shift]) return false;
    return true;
  }

  /** Puts short ASCII, byte by byte. */
  putAll(ascii: Uint8Array): void {
    const { bytes } = this;
    let to = this.position;
    for (let i = 0; i < ascii.length; i++) bytes[to++] = ascii[i] as number;
    this.position = to;
  }

  /** Puts an integer from 0 to 2^32 - 1, at most 10 bytes. */
  putUint32(value: number): void {
    this.putPadded(value, digitsOf(value >>> 0));
  }

  /** Puts an integer of at most 2^53 in size, at most 17 bytes. */
  putInteger(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.put(MINUS);
      rest = -rest;
    }
    if (rest <= 0xffffffff) {
      this.putUint32(rest);
      return;
    }
    const billions = Math.floor(rest / 1e9);
    this.putUint32(billions);
    this.putPadded(rest - billions * 1e9, 9);
  }

  /** Puts the lowest `digits` digits of an integer below 2^32. */
  putPadded(value: number, digits: number): void {
    const { bytes } = this;
    let rest = value >>> 0;
    const start = this.position;
    let to = start + digits;
    this.position = to;
    for (; to > start + 1; to -= 2) {
      const hundredth = (rest / 100) >>> 0;
      const pair = rest - hundredth * 100;
      bytes[to - 2] = TENS[pair] as number;
      bytes[to - 1] = ONES[pair] as number;
      rest = hundredth;
    }
    if (to > start) bytes[start] = ONES[rest % 100] as number;
  }

  /** Writes one character of ASCII. */
  character(byte: number): void {
    this.reserve(1);
    this.put(byte);
  }

  ascii(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.position + i] = text.charCodeAt(i);
    this.position += text.length;
  }

  /** Writes a short piece of JSON, given as UTF-8. */
  raw(utf8: Uint8Array): void {
    this.reserve(utf8.length);
    const { bytes } = this;
    let to = this.position;
    for (let i = 0; i < utf8.length; i++) bytes[to++] = utf8[i] as number;
    this.position = to;
  }

  /** Writes bytes of UTF-8 as a JSON string. */
  utf8String(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + 2);
    this.put(QUOTE);
    let from = this.copyPlain(source, start, end, 0);
    while (from < end) {
      const byte = source[from++] as number;
      const escape = ESCAPES[byte] as number;
      if (escape === 0) {
        this.put(byte);
      } else {
        this.reserve(LONGEST_ESCAPE + end - from + 1);
        this.putEscape(byte, escape);
        from = this.copyPlain(source, from, end, 0);
      }
    }
    this.put(QUOTE);
  }

  /**
   * Copies four bytes at a time while all four need no escape in a JSON string and have no bit of
   * `others` set; returns where it stopped. The caller has reserved the space.
   */
  copyPlain(source: Uint8Array, start: number, end: number, others: number): number {
    const from = viewOf(source);
    const to = this.#view;
    const last = end - WORD;
    const shift = this.position - start;
    let at = start;
    for (; at <= last; at += WORD) {
      const word = from.getInt32(at, true);
      // The subtraction sets the highest bit of a byte that is below 0x20, or zero after the
      // exclusive or.
      const quotes = word ^ (QUOTE * EACH_BYTE);
      const backslashes = word ^ (BACKSLASH * EACH_BYTE);
      const special =
        ((word - 0x20 * EACH_BYTE) & ~word) |
        ((quotes - EACH_BYTE) & ~quotes) |
        ((backslashes - EACH_BYTE) & ~backslashes);
      if (((special & HIGHEST_BITS) | (word & others)) !== 0) break;
      to.setInt32(at + shift, word, true);
    }
    this.position = at + shift;
    return at;
  }

  /** Writes a JSON string. */
  string(text: string): void {
    const utf8 = Buffer.from(text);
    this.utf8String(utf8, 0, utf8.length);
  }

  /** Writes the base64 of bytes as a JSON string. */
  base64String(source: Buffer, start: number, end: number): void {
    this.reserve(4 * Math.ceil((end - start) / 3) + 2);
    this.put(QUOTE);
    for (let from = start; from < end; from += BASE64_PIECE) {
      const piece = source.toString("base64", from, Math.min(from + BASE64_PIECE, end));
      this.position += this.bytes.write(piece, this.position, "latin1");
    }
    this.put(QUOTE);
  }

  private putEscape(byte: number, escape: number): void {
    this.put(BACKSLASH);
    this.put(escape);
    if (escape === 0x75) {
      this.put(ZERO);
      this.put(ZERO);
      this.put(HEX[byte >> 4] as number);
      this.put(HEX[byte & 15] as number);
    }
  }

  private grow(needed: number): void {
    if (needed > LONGEST_ROW)
      throw new RowTooLargeError(`a row takes more than ${LONGEST_ROW >> 20} MiB as JSON`);
    const larger = Buffer.allocUnsafeSlow(
      Math.min(Math.max(needed, this.bytes.length * 2), LONGEST_ROW),
    );
    larger.set(this.bytes.subarray(0, this.position));
    this.bytes = larger;
    this.#view = newView(larger);
  }
}

function newView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The number of digits of an integer below 2^32. */
function digitsOf(value: number): number {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10_000) return value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}
