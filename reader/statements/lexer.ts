import { type TextDecode, textDecoder } from "../binlog-format/charsets/decode-text.ts";
import { type CharacterBytes, measureOf } from "../binlog-format/charsets/well-formed.ts";
import { ByteClass, byteClasses } from "./byte-classes.ts";
import type { Dialect } from "./query-event.ts";

/**
 * A piece of a statement: a bare word, a name or a text in quotes, a sign, or the statement's end.
 */
export type TokenKind = "word" | "name" | "text" | "sign" | "end";

/**
 * The pieces of a statement as MySQL's lexer sees them (sql_lex.cc), one after the other, read from
 * the statement's bytes without making a string of them: in memory that does not grow with the
 * statement, in time that grows with it linearly. Comments are passed over; what stands in an
 * executable comment (`/*!50000 … *\/`) is read, because a server writes one to its binlog only
 * when it executed the inside, and rewrites the others.
 */
export class Lexer {
  /** The piece at hand. */
  kind: TokenKind = "end";
  /** Where it is in the statement, without its quotes. */
  start = 0;
  end = 0;
  readonly bytes: Buffer;
  readonly #dialect: Dialect;
  readonly #classes: Uint8Array;
  readonly #measure: CharacterBytes | null;
  readonly #decode: TextDecode;
  #quote = 0;
  #at = 0;

  constructor(bytes: Buffer, dialect: Dialect) {
    this.bytes = bytes;
    this.#dialect = dialect;
    this.#classes = byteClasses(dialect.charset);
    this.#measure = measureOf(dialect.charset);
    this.#decode = textDecoder(dialect.charset);
    this.next();
  }

  /** The name at hand. */
  get name(): string {
    const bytes = this.bytes.subarray(this.start, this.end);
    const text = this.#decode(
      this.#dialect.doublesSecondBytes === true ? this.#withoutDoubledBytes(bytes) : bytes,
    );
    if (this.kind !== "name") return text;
    const quote = String.fromCharCode(this.#quote);
    return text.replaceAll(quote + quote, quote);
  }

  /** Whether the sign at hand is this one. */
  isSign(sign: string): boolean {
    return this.kind === "sign" && this.bytes[this.start] === sign.charCodeAt(0);
  }

  /** Whether the word at hand is this keyword, which is given in capitals. */
  isWord(keyword: string): boolean {
    if (this.kind !== "word" || this.end - this.start !== keyword.length) return false;
    for (let i = 0; i < keyword.length; i++) {
      if (((this.bytes[this.start + i] ?? 0) & UPPER_CASE) !== keyword.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Goes on to the next piece. */
  next(): void {
    this.#skipSpace();
    const { bytes } = this;
    this.start = this.#at;
    if (this.#at >= bytes.length) {
      this.kind = "end";
      this.end = this.#at;
      return;
    }
    const byte = bytes[this.#at] ?? 0;
    if (byte === BACKTICK || (byte === DOUBLE_QUOTE && this.#dialect.ansiQuotes)) {
      this.kind = "name";
      this.#quoted(byte, false);
    } else if (byte === SINGLE_QUOTE || byte === DOUBLE_QUOTE) {
      this.kind = "text";
      this.#quoted(byte, this.#dialect.backslashEscapes);
    } else if (this.#classes[byte] === ByteClass.word) {
      this.kind = "word";
      this.#word();
    } else {
      this.kind = "sign";
      this.end = ++this.#at;
    }
  }

  /** A text's backslash takes one byte with it, be it the first of several of a character. */
  #quoted(quote: number, escapes: boolean): void {
    const { bytes } = this;
    const measure = this.#measure;
    const { length } = bytes;
    let at = this.#at + 1;
    this.start = at;
    this.#quote = quote;
    for (; at < length; at++) {
      const byte = bytes[at] ?? 0;
      if (measure !== null && byte >= 0x80) {
        at += measure(bytes, at) - 1;
        if (this.#isDoubled(bytes, at)) at++;
      } else if (byte === BACKSLASH && escapes) at++;
      else if (byte === quote) {
        if (bytes[at + 1] !== quote) break;
        at++;
      }
    }
    this.end = Math.min(at, length);
    this.#at = at + 1;
  }

  /** Whether the last byte of a character of several, at `at`, comes twice. */
  #isDoubled(bytes: Buffer, at: number): boolean {
    return (
      this.#dialect.doublesSecondBytes === true &&
      bytes[at] === this.#quote &&
      bytes[at + 1] === this.#quote
    );
  }

  #withoutDoubledBytes(bytes: Buffer): Buffer {
    const kept: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const length = this.#measure?.(bytes, at) ?? 1;
      kept.push(...bytes.subarray(at, at + length));
      at += length - 1;
      if (length > 1 && this.#isDoubled(bytes, at)) at++;
    }
    return Buffer.from(kept);
  }

  #word(): void {
    const { bytes } = this;
    let at = this.#at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#measure !== null && byte >= 0x80) at += this.#measure(bytes, at) - 1;
      else if (this.#classes[byte] !== ByteClass.word) break;
    }
    this.end = this.#at = Math.min(at, bytes.length);
  }

  #skipSpace(): void {
    const { bytes } = this;
    for (;;) {
      const byte = bytes[this.#at];
      if (byte === undefined) return;
      if (this.#classes[byte] === ByteClass.space) this.#at++;
      else if (byte === HASH || (byte === MINUS && this.#isDashComment())) this.#skipPast("\n");
      else if (byte === SLASH && bytes[this.#at + 1] === STAR) this.#skipComment();
      // The end of an executable comment.
      else if (byte === STAR && bytes[this.#at + 1] === SLASH) this.#at += 2;
      else return;
    }
  }

  /**
   * `--` begins a comment only before white space or a control character, or at the statement's
   * end.
   */
  #isDashComment(): boolean {
    if (this.bytes[this.#at + 1] !== MINUS) return false;
    const third = this.bytes[this.#at + 2] ?? 0;
    return this.#classes[third] === ByteClass.space || third < 0x20 || third === 0x7f;
  }

  /** At an executable comment, passes over its mark and its version (five digits or six) only. */
  #skipComment(): void {
    if (this.bytes[this.#at + 2] !== EXCLAMATION_MARK) {
      this.#at += 2;
      return this.#skipPast("*/");
    }
    this.#at += 3;
    let digits = 0;
    while (digits < 6 && isDigit(this.bytes[this.#at + digits])) digits++;
    if (digits >= 5) this.#at += digits;
  }

  #skipPast(text: "\n" | "*/"): void {
    const found = this.bytes.indexOf(text, this.#at, "latin1");
    this.#at = found === -1 ? this.bytes.length : found + text.length;
  }
}

/** Without it, a lower-case letter of ASCII is its upper-case one. */
const UPPER_CASE = 0xdf;

const [BACKTICK, DOUBLE_QUOTE, SINGLE_QUOTE, BACKSLASH] = [0x60, 0x22, 0x27, 0x5c];
const [HASH, MINUS, SLASH, STAR, EXCLAMATION_MARK] = [0x23, 0x2d, 0x2f, 0x2a, 0x21];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
