import {
  ASCII_STRING,
  DECIMAL,
  TEXT,
  TEXT_BYTES,
  UTF8_STRING,
} from "./alike-module/assembly/layout.ts";
import { isRecord } from "./change.ts";
import { parseExactJson } from "./exact-json.ts";
import { FormLearner } from "./learn-form.ts";
import type { ObjectForm } from "./object-form.ts";
import { type ObjectScanner, objectScanner } from "./object-scanner.ts";

const COMMA = 44;
/** With fewer objects, learning their form would take longer than it saves. */
const FEWEST = 16;
const MOST_FORMS = 16;
/** So many objects without a known form are parsed alone. With more, all of them are. */
const ALONE = 64;
/** V8 copies parts of a text up to this length. A longer part keeps the whole text in memory. */
const COPIED = 12;

/**
 * Parses the list of a text that begins at `start`, behind its opening bracket, and ends with
 * `ending`. The values are those of `parseExactJson`, and it throws SyntaxError. Faster where most
 * items are objects with the same names. Undefined where it is not, and when the text has another
 * ending or another form than JSON.stringify would give it.
 */
export function parseAlikeObjects(
  text: string,
  start: number,
  ending: string,
): unknown[] | undefined {
  if (objectScanner === undefined) return undefined;
  const length = put(text, objectScanner.bytes);
  return length === 0
    ? undefined
    : new AlikeObjects(objectScanner, text, length).parse(start, ending);
}

/** Returns the text's length in bytes; 0 when UTF-8 cannot represent it, or it has no room. */
function put(text: string, bytes: Buffer): number {
  if (text.length > TEXT_BYTES) return 0;
  // The memory goes on behind TEXT_BYTES, so that a text which is cut off there is not taken for
  // one whose characters have a byte each.
  const length = bytes.write(text, TEXT, "utf8");
  bytes[TEXT + length] = 0;
  if (length === text.length) return length;
  // A character of one UTF-16 unit has three bytes at most.
  return 3 * text.length <= TEXT_BYTES && text.isWellFormed() ? length : 0;
}

class AlikeObjects {
  readonly #scanner: ObjectScanner;
  readonly #learner: FormLearner;
  readonly #text: string;
  /** Where the text ends in the scanner's memory. */
  readonly #end: number;
  readonly #isAscii: boolean;
  readonly #forms: ObjectForm[] = [];
  /** Which form followed each one the last time. */
  readonly #following: number[] = [];
  /** The form of the latest object. */
  #latest = 0;

  constructor(scanner: ObjectScanner, text: string, length: number) {
    this.#scanner = scanner;
    this.#learner = new FormLearner(scanner);
    this.#text = text;
    this.#end = TEXT + length;
    this.#isAscii = length === text.length;
  }

  parse(start: number, ending: string): unknown[] | undefined {
    const { bytes, endOfValue } = this.#scanner;
    const items: unknown[] = [];
    let alone = 0;
    let at = TEXT + (this.#isAscii ? start : Buffer.byteLength(this.#text.slice(0, start)));
    if (this.#end - at < FEWEST * (endOfValue(at) - at)) return undefined;
    for (;;) {
      let end = this.#scan(at);
      if (end !== 0) {
        items.push(this.#forms[this.#latest]?.object(this.#valueOf));
      } else {
        end = endOfValue(at);
        if (end === 0 || (++alone > ALONE && 2 * alone > items.length)) return undefined;
        items.push(this.#parseAlone(at, end));
      }
      if (bytes[end] !== COMMA) {
        return end + ending.length === this.#end && this.#text.endsWith(ending) ? items : undefined;
      }
      at = end + 1;
    }
  }

  /** Reads an object of a known form. Returns where it ends; 0 when it has no known form. */
  #scan(at: number): number {
    const { length } = this.#forms;
    const likely = this.#following[this.#latest] ?? 0;
    for (let tried = 0; tried < length; tried++) {
      const index = (likely + tried) % length;
      const end = this.#forms[index]?.scan(at) ?? 0;
      if (end === 0) continue;
      this.#following[this.#latest] = index;
      this.#latest = index;
      return end;
    }
    return 0;
  }

  #parseAlone(start: number, end: number): unknown {
    const value = parseExactJson(this.#scanner.bytes.toString("utf8", start, end));
    if (this.#forms.length < MOST_FORMS && isRecord(value)) {
      const form = this.#learner.learn(start, value);
      if (form !== undefined) {
        const index = this.#forms.push(form) - 1;
        this.#following[this.#latest] = index;
        this.#latest = index;
      }
    }
    return value;
  }

  readonly #valueOf = (kind: number, start: number, end: number): unknown => {
    const { bytes } = this.#scanner;
    switch (kind) {
      case ASCII_STRING:
        return this.#isAscii && end - start <= COPIED
          ? this.#text.slice(start - TEXT, end - TEXT)
          : bytes.toString("latin1", start, end);
      case UTF8_STRING:
        return bytes.toString("utf8", start, end);
      case DECIMAL:
        return Number(bytes.toString("latin1", start, end));
      default:
        return parseExactJson(bytes.toString("utf8", start, end));
    }
  };
}
