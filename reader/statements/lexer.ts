import { type TextDecode, textDecoder } from "../binlog-format/charsets/decode-text.ts";
import { type CharacterBytes, measureOf } from "../binlog-format/charsets/well-formed.ts";
import { ByteClass, byteClasses } from "./byte-classes.ts";
import type { Dialect } from "./query-event.ts";

/**
 * The kind of a token: an unquoted word, a quoted name, a quoted text, a sign, or the end of the
 * statement.
 */
export type TokenKind = "word" | "name" | "text" | "sign" | "end";

/**
 * Reads the tokens of a statement as MySQL's lexer does (sql_lex.cc), from the bytes and without
 * making a string of the statement. It needs constant memory and linear time. It skips comments but
 * reads the content of executable comments (`/*!50000 … *\/`): the server writes these to the
 * binlog only if it executed them, and rewrites the others.
 */
export class Lexer {
  /** The kind of the present token. */
  kind: TokenKind = "end";
  /** The present token's start and end in the statement, without its quotes. */
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

  /** The present word or name, decoded. */
  get name(): string {
    const bytes = this.bytes.subarray(this.start, this.end);
    const text = this.#decode(
      this.#dialect.doublesSecondBytes === true ? this.#withoutDoubledBytes(bytes) : bytes,
    );
    if (this.kind !== "name") return text;
    const quote = String.fromCharCode(this.#quote);
    return text.replaceAll(quote + quote, quote);
  }

  /** Whether the present token is this sign. */
  isSign(sign: string): boolean {
    return this.kind === "sign" && this.bytes[this.start] === sign.charCodeAt(0);
  }

  /** Whether the present token is this keyword, given in capitals. */
  isWord(keyword: string): boolean {
    if (this.kind !== "word" || this.end - this.start !== keyword.length) return false;
    for (let i = 0; i < keyword.length; i++) {
      if (((this.bytes[this.start + i] ?? 0) & UPPER_CASE) !== keyword.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Reads the next token. */
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

  /**
   * A backslash in a text escapes one byte, even if that is the first byte of a multi-byte
   * character.
   */
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

  /** Whether the last byte of a multi-byte character, at `at`, is doubled. */
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

  /**
   * Skips a comment; of an executable comment only its mark and its version (five or six digits).
   */
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

/** The mask that turns a lower-case ASCII letter into the upper-case one. */
const UPPER_CASE = 0xdf;

const [BACKTICK, DOUBLE_QUOTE, SINGLE_QUOTE, BACKSLASH] = [0x60, 0x22, 0x27, 0x5c];
const [HASH, MINUS, SLASH, STAR, EXCLAMATION_MARK] = [0x23, 0x2d, 0x2f, 0x2a, 0x21];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
