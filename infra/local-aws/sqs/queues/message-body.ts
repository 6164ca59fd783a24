import { isAscii, isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";

/**
 * How much of a body is decoded at a time, bytes. V8 gives longer texts memory of their own, whose
 * pages the system first has to fill with zeros.
 */
const PIECE_BYTES = 64 * 1024;

/** Whether a text has other characters than those of ASCII that SQS accepts. */
const NOT_PLAIN = /[^\t\n\r\u0020-\u007F]/;
/** SQS accepts only the characters that XML 1.0 calls Char; lone surrogates are found apart. */
const FORBIDDEN = /[^\t\n\r\u0020-\uFFFD]/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The longest escape, `\u0041`. */
const LONGEST_ESCAPE = 6;

/** Holds a piece while it is decoded. Most pieces end within a few bytes after PIECE_BYTES. */
const scratch = Buffer.alloc(PIECE_BYTES + 1024);

/**
 * A message's body: a text, or the JSON in which its request contained it. Answers contain the same
 * JSON, so a body of 1 MiB is neither escaped again nor held as a string.
 */
export class MessageBody {
  readonly #content: string | Buffer;
  /** The body's size in UTF-8. */
  readonly bytes: number;
  /** The body's length in UTF-16 code units. */
  readonly length: number;
  /** Lower-case hexadecimal. */
  readonly md5: string;
  /** Whether SQS accepts all of its characters. */
  readonly isAllowed: boolean;

  private constructor(content: string | Buffer) {
    const hash = createHash("md5");
    let [bytes, length, isAllowed] = [0, 0, true];
    for (const text of typeof content === "string" ? [content] : pieces(content)) {
      const isPlain = !NOT_PLAIN.test(text);
      hash.update(text, isPlain ? "latin1" : "utf8");
      bytes += isPlain ? text.length : Buffer.byteLength(text);
      length += text.length;
      isAllowed &&= isPlain || (text.isWellFormed() && !FORBIDDEN.test(text));
    }
    this.#content = content;
    this.bytes = bytes;
    this.length = length;
    this.md5 = hash.digest("hex");
    this.isAllowed = isAllowed;
  }

  static ofText(text: string): MessageBody {
    return new MessageBody(text);
  }

  /** Undefined when these bytes are not exactly one JSON string in valid UTF-8. */
  static ofJson(json: Buffer): MessageBody | undefined {
    if (json.length < 2 || json[0] !== QUOTE || json.at(-1) !== QUOTE || !isUtf8(json))
      return undefined;
    try {
      return new MessageBody(json);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  get text(): string {
    const content = this.#content;
    return typeof content === "string" ? content : (JSON.parse(content.toString()) as string);
  }

  /** A JSON string, with its quotes, UTF-8; undefined when only the text is held. */
  get json(): Buffer | undefined {
    return typeof this.#content === "string" ? undefined : this.#content;
  }
}

/** The text of a JSON string, in pieces. Throws SyntaxError when it is not one JSON string. */
function* pieces(json: Buffer): Generator<string> {
  const end = json.length - 1;
  for (let from = 1; from < end;) {
    let to = from + PIECE_BYTES;
    while (to < end && !canCut(json, to)) to++;
    const piece = quoted(json.subarray(from, Math.min(to, end)));
    yield JSON.parse(piece.toString(isAscii(piece) ? "latin1" : "utf8")) as string;
    from = to;
  }
}

/**
 * Whether a JSON string can be cut before this byte: neither within a character nor within an
 * escape, nor between the two escapes of a surrogate pair.
 */
function canCut(json: Buffer, at: number): boolean {
  if (json[at] === BACKSLASH || isContinuation(json[at] ?? 0)) return false;
  for (let before = 1; before < LONGEST_ESCAPE; before++)
    if (json[at - before] === BACKSLASH) return false;
  return true;
}

/** Whether a byte continues a character of UTF-8. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** These bytes between quotes; the next call uses the same memory. */
function quoted(piece: Buffer): Buffer {
  const needed = piece.length + 2;
  const target = needed <= scratch.length ? scratch.subarray(0, needed) : Buffer.alloc(needed);
  target[0] = QUOTE;
  piece.copy(target, 1);
  target[needed - 1] = QUOTE;
  return target;
}
