import {
  EARLIER,
  FOUND,
  FOUND_BYTES,
  FOUND_COUNTS,
  INTEGER,
  JOINED,
  JOINED_LENGTH,
  JOINED_STRING,
  OBJECT_COUNT,
} from "./alike-module/assembly/layout.ts";
import type { ObjectScanner } from "./object-scanner.ts";

const WORD = Uint32Array.BYTES_PER_ELEMENT;
const WORDS_IN_DOUBLE = Float64Array.BYTES_PER_ELEMENT / WORD;
const FIRST_FOUND = FOUND / WORD;
const FOUND_WORDS = FOUND_BYTES / WORD;

export type Members = Record<string, unknown>;

interface FormOptions {
  /** Where the form's slots are in the scanner's memory. */
  readonly slots: number;
  /** Of each slot with a value: the number of the object, 0 for the outermost; the name in it. */
  readonly numbers: readonly number[];
  readonly names: readonly string[];
  /** Of each slot, the latest object's value. */
  readonly values: unknown[];
  /** The names of the objects in the outermost one, which have the numbers 1, 2 and so on. */
  readonly inner: readonly string[];
}

/** Makes the value of a kind from where it is in the text. */
export type ValueOf = (kind: number, start: number, end: number) => unknown;

/**
 * The names that JSON objects and the objects in them have, and their order. An object is made as a
 * copy of the one before that has the same form, with the values that differ.
 */
export class ObjectForm {
  readonly #scanner: ObjectScanner;
  readonly #options: FormOptions;
  /** The latest object, and behind it the objects in it. */
  readonly #objects: Members[];

  /** `first`: an object of the form, and behind it the objects in it. */
  constructor(scanner: ObjectScanner, options: FormOptions, first: Members[]) {
    this.#scanner = scanner;
    this.#options = options;
    this.#objects = first;
  }

  /**
   * Reads objects from `at` on, `most` at most, but at least the first. Returns where they end; 0
   * when the first has another form or is no JSON.
   */
  scan(at: number, most: number): number {
    const { slots, names } = this.#options;
    return this.#scanner.scan(at, slots, names.length, most);
  }

  /** Adds the objects that were read to the items. Returns how many they are. */
  addTo(items: unknown[], valueOf: ValueOf): number {
    const { words, bytes } = this.#scanner;
    const count = words[OBJECT_COUNT / WORD] ?? 0;
    const length = words[JOINED_LENGTH / WORD] ?? 0;
    const joined = length === 0 ? "" : bytes.toString("latin1", JOINED, JOINED + length);
    let found = FIRST_FOUND;
    for (let object = 0; object < count; object++) {
      const end = found + (words[FOUND_COUNTS / WORD + object] ?? 0) * FOUND_WORDS;
      items.push(this.#object(found, end, joined, valueOf));
      found = end;
    }
    return count;
  }

  /** The next object, with the values that differ. */
  #object(start: number, end: number, joined: string, valueOf: ValueOf): Members {
    const { words, doubles } = this.#scanner;
    const { numbers, names, values } = this.#options;
    const objects = this.#objects;
    const outermost = this.#copy();
    for (let found = start; found < end; found += FOUND_WORDS) {
      const slot = words[found] ?? 0;
      const kind = words[found + 1] ?? 0;
      let value: unknown;
      if (kind === INTEGER) {
        value = doubles[(found + 2) / WORDS_IN_DOUBLE];
      } else {
        const from = words[found + 2] ?? 0;
        const to = words[found + 3] ?? 0;
        if (kind === JOINED_STRING) value = joined.slice(from, to);
        else value = kind === EARLIER ? values[from] : valueOf(kind, from, to);
      }
      values[slot] = value;
      const object = objects[numbers[slot] ?? 0];
      // JSON.parse and the copy make every member, even `__proto__`, the object's own, so that no
      // setter is called.
      if (object !== undefined) object[names[slot] ?? ""] = value;
    }
    return outermost;
  }

  /** Replaces the objects by copies. */
  #copy(): Members {
    const { inner } = this.#options;
    const objects = this.#objects;
    const outermost = (objects[0] = { ...objects[0] });
    // Not with an iterator, which is an object for each change.
    for (let index = 0; index < inner.length; index++)
      outermost[inner[index] ?? ""] = objects[index + 1] = { ...objects[index + 1] };
    return outermost;
  }
}
