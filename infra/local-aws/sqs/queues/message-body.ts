import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { giveBack } from "../../http/give-back.ts";
import { eachPiece } from "./json-text.ts";

/** Whether a text has other characters than those of ASCII that SQS accepts. */
const NOT_PLAIN = /[^\t\n\r\u0020-\u007F]/;
/** SQS accepts only the characters that XML 1.0 calls Char; lone surrogates are found apart. */
const FORBIDDEN = /[^\t\n\r\u0020-\uFFFD]/;

const QUOTE = 0x22;

interface BodyFacts {
  /** The body's size in UTF-8. */
  readonly bytes: number;
  /** The body's length in UTF-16 code units. */
  readonly length: number;
  /** Lower-case hexadecimal. */
  readonly md5: string;
  /** Whether SQS accepts all of its characters. */
  readonly isAllowed: boolean;
}

/**
 * A message's body: a text, or the JSON in which its request contained it. Answers contain the same
 * JSON, so a body of 1 MiB is neither escaped again nor held as a string.
 *
 * Its users hold it: a queue while it has the message, an answer until it is written. The memory is
 * given back when the last of them releases it. A user that never does leaves it to V8.
 */
export class MessageBody implements BodyFacts {
  /** Undefined after the memory was given back. */
  #content: string | Buffer | undefined;
  #holders = 0;
  readonly bytes: number;
  readonly length: number;
  readonly md5: string;
  readonly isAllowed: boolean;

  private constructor(content: string | Buffer, facts: BodyFacts) {
    this.#content = content;
    this.bytes = facts.bytes;
    this.length = facts.length;
    this.md5 = facts.md5;
    this.isAllowed = facts.isAllowed;
  }

  static ofText(text: string): MessageBody {
    return new MessageBody(text, factsOfText(text));
  }

  /**
   * Undefined when these bytes are not exactly one JSON string in valid UTF-8. The body's memory is
   * theirs, where they are most of it; nothing in it may be used afterwards.
   */
  static ofJson(json: Buffer): MessageBody | undefined {
    const facts = factsOfJson(json);
    return facts && new MessageBody(withOwnMemory(json), facts);
  }

  get text(): string {
    const content = this.#present;
    return typeof content === "string" ? content : (JSON.parse(content.toString()) as string);
  }

  /** A JSON string, with its quotes, UTF-8; undefined when only the text is held. */
  get json(): Buffer | undefined {
    const content = this.#present;
    return typeof content === "string" ? undefined : content;
  }

  hold(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    if (this.#holders > 0 || typeof this.#content !== "object") return;
    giveBack(this.#content);
    this.#content = undefined;
  }

  get #present(): string | Buffer {
    if (this.#content === undefined) throw new Error("the body's memory was given back");
    return this.#content;
  }
}

/** A copy, where the body is so small that it is not to keep the whole request in memory. */
function withOwnMemory(body: Buffer): Buffer {
  if (body.length * 2 >= body.buffer.byteLength) return body;
  const copy = Buffer.allocUnsafeSlow(body.length);
  body.copy(copy);
  return copy;
}

function factsOfText(text: string): BodyFacts {
  const isPlain = !NOT_PLAIN.test(text);
  return {
    bytes: isPlain ? text.length : Buffer.byteLength(text),
    length: text.length,
    md5: createHash("md5")
      .update(text, isPlain ? "latin1" : "utf8")
      .digest("hex"),
    isAllowed: isPlain || (text.isWellFormed() && !FORBIDDEN.test(text)),
  };
}

function factsOfJson(json: Buffer): BodyFacts | undefined {
  if (json.length < 2 || json[0] !== QUOTE || json.at(-1) !== QUOTE || !isUtf8(json))
    return undefined;
  const hash = createHash("md5");
  let [bytes, length, isAllowed] = [0, 0, true];
  const isString = eachPiece(json, (piece) => {
    hash.update(piece.bytes);
    bytes += piece.bytes.length;
    length += piece.length;
    isAllowed &&= piece.isAllowed;
  });
  return isString ? { bytes, length, md5: hash.digest("hex"), isAllowed } : undefined;
}
