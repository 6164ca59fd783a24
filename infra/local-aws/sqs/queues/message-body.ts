import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
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
 */
export class MessageBody implements BodyFacts {
  readonly #content: string | Buffer;
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

  /** Undefined when these bytes are not exactly one JSON string in valid UTF-8. */
  static ofJson(json: Buffer): MessageBody | undefined {
    const facts = factsOfJson(json);
    return facts && new MessageBody(json, facts);
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
