import { freeBytes } from "./free-bytes.ts";

/**
 * A JSON text as its bytes in UTF-8. A message's body stays bytes from its first change to the
 * request: strings of its size, and of its thousands of parts, cost garbage collection.
 */
export class Utf8Text {
  #bytes: Buffer | null;
  /** The number of calls of `lend` under way. */
  #loans = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Throws RangeError after `free`. */
  get bytes(): Buffer {
    if (this.#bytes === null) throw new RangeError("the text was freed");
    return this.#bytes;
  }

  /** Has a thread read the bytes, which are not freed before it is done. */
  async lend<Output>(read: (bytes: Buffer) => Promise<Output>): Promise<Output> {
    this.#loans++;
    try {
      return await read(this.bytes);
    } finally {
      this.#loans--;
    }
  }

  /** Frees the bytes, unless they are lent: then V8 collects them later. The text loses them. */
  free(): void {
    const { bytes } = this;
    this.#bytes = null;
    if (this.#loans === 0) freeBytes(bytes);
  }

  toString(): string {
    return this.bytes.toString("utf8");
  }

  /** So that JSON.stringify writes it like a string. */
  toJSON(): string {
    return this.toString();
  }
}

/** The number of bytes of a text in UTF-8. */
export function bytesOf(text: string | Utf8Text): number {
  return typeof text === "string" ? Buffer.byteLength(text) : text.bytes.length;
}
