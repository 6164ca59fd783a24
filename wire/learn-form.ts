import { MOST_SLOTS, MOST_VALUES, SLOT_BYTES, SLOTS } from "./alike-module/assembly/layout.ts";
import { isRecord } from "./change.ts";
import { type Members, ObjectForm } from "./object-form.ts";
import type { ObjectScanner } from "./object-scanner.ts";

const QUOTE = 34;
const COLON = 58;
const OPEN = 123;
const CLOSE = 125;
const ZERO = 48;
const NINE = 57;
/** To copy an object of more takes longer than to parse it. */
const MOST_NAMES = 200;
const SLOT_WORDS = SLOT_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const FIRST_WORD = SLOTS / Uint32Array.BYTES_PER_ELEMENT;

/** Learns the forms of the objects of a text, whose slots share the scanner's memory. */
export class FormLearner {
  readonly #scanner: ObjectScanner;
  /** How many slots the forms have. */
  #slots = 0;

  constructor(scanner: ObjectScanner) {
    this.#scanner = scanner;
  }

  /**
   * The form of the object at `start`, which was parsed as `first`. Undefined when its text is not
   * as JSON.stringify would write it, when a name occurs twice or begins with a digit, when an
   * object has very many names, or when there is no room for it.
   */
  learn(start: number, first: Members): ObjectForm | undefined {
    const text = new FormText(this.#scanner, start);
    const end = text.readObject(start, 0, first);
    const { numbers, names, values, inner, objects, words, behind } = text;
    const before = this.#slots;
    const after = before + names.length + 1;
    if (end === 0 || names.length > MOST_VALUES || after > MOST_SLOTS) return undefined;
    words.push(behind, end - behind, end - behind, 0);
    this.#scanner.words.set(words, FIRST_WORD + before * SLOT_WORDS);
    this.#slots = after;
    const slots = SLOTS + before * SLOT_BYTES;
    return new ObjectForm(this.#scanner, { slots, numbers, names, values, inner }, [
      first,
      ...objects,
    ]);
  }
}

/** Reads the text of one object, to learn its form. */
class FormText {
  /** Of each slot: the number of the object, the name in it, and what was parsed. */
  readonly numbers: number[] = [];
  readonly names: string[] = [];
  readonly values: unknown[] = [];
  /** The objects in the outermost one: their names, and what was parsed. */
  readonly inner: string[] = [];
  readonly objects: Members[] = [];
  /** The words of the slots, see the module's layout. */
  readonly words: number[] = [];
  /** The place behind the latest value. */
  behind: number;
  readonly #scanner: ObjectScanner;
  /** The latest slot of each name, counted from 1. */
  readonly #latest = new Map<string, number>();

  constructor(scanner: ObjectScanner, start: number) {
    this.#scanner = scanner;
    this.behind = start;
  }

  /**
   * Reads the object with this number, which was parsed as `parsed`, and those in it. Returns where
   * it ends; 0: unusual.
   */
  readObject(start: number, object: number, parsed: Members): number {
    const { bytes, endOfValue } = this.#scanner;
    if (bytes[start] !== OPEN) return 0;
    let at = start;
    // They have the text's order, except for numbers, which are first. There are fewer if one
    // occurs twice.
    const names = Object.keys(parsed);
    if (names.length > MOST_NAMES) return 0;
    for (const name of names) {
      const colon = bytes[at + 1] === QUOTE ? endOfValue(at + 1) : 0;
      if (colon === 0 || bytes[colon] !== COLON || isDigit(name.charCodeAt(0))) return 0;
      at = this.#readMember(colon + 1, object, name, parsed[name]);
    }
    return bytes[at] === CLOSE ? at + 1 : 0;
  }

  /** An object in the outermost one is read. What is deeper, or empty, is a value. */
  #readMember(start: number, object: number, name: string, parsed: unknown): number {
    const { bytes, endOfValue } = this.#scanner;
    if (object === 0 && bytes[start] === OPEN && bytes[start + 1] !== CLOSE && isRecord(parsed)) {
      this.inner.push(name);
      return this.readObject(start, this.objects.push(parsed), parsed);
    }
    const end = endOfValue(start);
    const earlier = this.#latest.get(name) ?? 0;
    this.words.push(this.behind, end - this.behind, start - this.behind, earlier);
    this.#latest.set(name, this.names.push(name));
    this.numbers.push(object);
    this.values.push(parsed);
    this.behind = end;
    return end;
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
