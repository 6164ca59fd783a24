/**
 * A JSON text as its bytes in UTF-8. A message's body stays bytes from its first change to the
 * request: strings of its size, and of its thousands of parts, cost garbage collection.
 */
export class Utf8Text {
  #bytes: Buffer | null;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Throws RangeError after `release`. */
  get bytes(): Buffer {
    if (this.#bytes === null) throw new RangeError("the text was released");
    return this.#bytes;
  }

  /** Returns the bytes, which may be freed: the text no longer has them. */
  release(): Buffer {
    const { bytes } = this;
    this.#bytes = null;
    return bytes;
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
