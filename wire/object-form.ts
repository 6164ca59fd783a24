import {
  EARLIER,
  FOUND,
  FOUND_BYTES,
  FOUND_COUNT,
  INTEGER,
  JOINED,
  JOINED_LENGTH,
  JOINED_STRING,
} from "./alike-module/assembly/layout.ts";
import type { ObjectScanner } from "./object-scanner.ts";

const WORD = Uint32Array.BYTES_PER_ELEMENT;
const DOUBLE = Float64Array.BYTES_PER_ELEMENT;

export type Members = Record<string, unknown>;

/** Where a value belongs: the number of an object, 0 for the outermost, and the name in it. */
export interface Place {
  readonly object: number;
  readonly name: string;
}

interface FormOptions {
  /** Where the form's slots are in the scanner's memory. */
  readonly slots: number;
  /** Of each slot with a value. */
  readonly places: readonly Place[];
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
  #objects: Members[];

  /** `first`: an object of the form, and behind it the objects in it. */
  constructor(scanner: ObjectScanner, options: FormOptions, first: Members[]) {
    this.#scanner = scanner;
    this.#options = options;
    this.#objects = first;
  }

  /** Reads the object at `at`. Returns where it ends; 0 when it has another form or is no JSON. */
  scan(at: number): number {
    return this.#scanner.scan(at, this.#options.slots, this.#options.places.length);
  }

  /** The object that was read. */
  object(valueOf: ValueOf): Members {
    const { words, bytes } = this.#scanner;
    const objects = this.#objects;
    const outermost = this.#copy();
    const length = words[JOINED_LENGTH / WORD] ?? 0;
    const joined = length === 0 ? "" : bytes.toString("latin1", JOINED, JOINED + length);
    const end = FOUND + (words[FOUND_COUNT / WORD] ?? 0) * FOUND_BYTES;
    for (let found = FOUND; found < end; found += FOUND_BYTES) {
      const place = this.#options.places[words[found / WORD] ?? 0];
      const object = objects[place?.object ?? 0];
      // JSON.parse and the copy make every member, even `__proto__`, the object's own, so that no
      // setter is called.
      if (place !== undefined && object !== undefined)
        object[place.name] = this.#value(found + WORD, objects, joined, valueOf);
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

  #value(found: number, objects: readonly Members[], joined: string, valueOf: ValueOf): unknown {
    const { words, doubles } = this.#scanner;
    const kind = words[found / WORD] ?? 0;
    if (kind === INTEGER) return doubles[(found + WORD) / DOUBLE];
    const start = words[found / WORD + 1] ?? 0;
    if (kind !== EARLIER) {
      const end = words[found / WORD + 2] ?? 0;
      return kind === JOINED_STRING ? joined.slice(start, end) : valueOf(kind, start, end);
    }
    const { object = 0, name = "" } = this.#options.places[start] ?? {};
    return objects[object]?.[name];
  }
}
