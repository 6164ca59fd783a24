import { DECIMAL, MOST_OBJECTS, STRING, TEXT, TEXT_BYTES } from "./alike-module/assembly/layout.ts";
import { isRecord } from "./change.ts";
import { isUnsafeInteger, parseExactJson } from "./exact-json.ts";
import { FormLearner } from "./learn-form.ts";
import type { ObjectForm } from "./object-form.ts";
import { type ObjectScanner, objectScanner } from "./object-scanner.ts";

const COMMA = 44;
const LETTER_F = 102;
const LETTER_N = 110;
const LETTER_T = 116;
/** More forms replace the earlier ones. */
const MOST_FORMS = 32;
/**
 * Objects without a known form are parsed alone, and learning their forms takes as long again. This
 * part of a text may be parsed alone to learn the usual forms, if there is room for them.
 */
const FIRST_PART = 1 / 12;
/** From then on, so much of what was read. With more, the text is left to `parseExactJson`. */
const ALONE_PART = 1 / 6;
/** Latin-1 lacks these. V8 does not look for them in a text that it keeps as Latin-1. */
const NOT_LATIN_1 = /[\u0100-\uffff]/;
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
  if (objectScanner === undefined || text.length > TEXT_BYTES || NOT_LATIN_1.test(text)) {
    return undefined;
  }
  const { bytes } = objectScanner;
  bytes.write(text, TEXT, "latin1");
  bytes[TEXT + text.length] = 0;
  return new AlikeObjects(objectScanner, text).parse(start, ending);
}

class AlikeObjects {
  readonly #scanner: ObjectScanner;
  #learner: FormLearner;
  readonly #text: string;
  /** Where the text ends in the scanner's memory. */
  readonly #end: number;
  readonly #forms: ObjectForm[] = [];
  /** Which form followed each one the last time. */
  readonly #following: number[] = [];
  /** The form of the latest object. */
  #latest = 0;

  constructor(scanner: ObjectScanner, text: string) {
    this.#scanner = scanner;
    this.#learner = new FormLearner(scanner);
    this.#text = text;
    this.#end = TEXT + text.length;
  }

  parse(start: number, ending: string): unknown[] | undefined {
    const { bytes, endOfValue } = this.#scanner;
    const items: unknown[] = [];
    /** The bytes that were parsed alone. */
    let alone = 0;
    const first = TEXT + start;
    let at = first;
    const learning = FIRST_PART * (this.#end - first);
    for (;;) {
      let end = this.#scan(at, items);
      if (end === 0) {
        end = endOfValue(at);
        if (end === 0) return undefined;
        alone += end - at;
        const isUsual = alone <= ALONE_PART * (end - first);
        const isFull = this.#forms.length === MOST_FORMS;
        if (!isUsual && (isFull || alone > learning)) return undefined;
        if (isFull) this.#forget();
        items.push(this.#parseAlone(at, end));
        if (this.#forms.length === 0) return undefined;
      }
      if (bytes[end] !== COMMA) {
        return end + ending.length === this.#end && this.#text.endsWith(ending) ? items : undefined;
      }
      at = end + 1;
    }
  }

  /**
   * Reads an object of a known form, and those behind it if they are likely to have the same form.
   * Returns where they end; 0 when the first has no known form.
   */
  #scan(at: number, items: unknown[]): number {
    const { length } = this.#forms;
    const likely = this.#following[this.#latest] ?? 0;
    for (let tried = 0; tried < length; tried++) {
      const index = (likely + tried) % length;
      const form = this.#forms[index];
      const most = this.#following[index] === index ? MOST_OBJECTS : 1;
      const end = form?.scan(at, most) ?? 0;
      if (form === undefined || end === 0) continue;
      this.#following[this.#latest] = index;
      if (form.addTo(items, this.#valueOf) > 1) this.#following[index] = index;
      this.#latest = index;
      return end;
    }
    return 0;
  }

  /** Makes room for other forms. */
  #forget(): void {
    this.#forms.length = 0;
    this.#learner = new FormLearner(this.#scanner);
  }

  #parseAlone(start: number, end: number): unknown {
    const value = parseExactJson(this.#scanner.bytes.toString("latin1", start, end));
    if (isRecord(value)) {
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
      case STRING:
        return end - start <= COPIED
          ? this.#text.slice(start - TEXT, end - TEXT)
          : bytes.toString("latin1", start, end);
      case DECIMAL:
        return Number(bytes.toString("latin1", start, end));
      default:
        return otherValue(bytes, start, end);
    }
  };
}

/** As `parseExactJson`, but faster for what occurs often. */
function otherValue(bytes: Buffer, start: number, end: number): unknown {
  switch (bytes[start]) {
    case LETTER_N:
      return null;
    case LETTER_T:
      return true;
    case LETTER_F:
      return false;
    default: {
      const json = bytes.toString("latin1", start, end);
      return isUnsafeInteger(json) ? BigInt(json) : parseExactJson(json);
    }
  }
}
