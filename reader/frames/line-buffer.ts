/**
 * Lines of text, kept as the bytes that they will be sent as: a frame waits as half a megabyte of one buffer, where it would
 * be many times that as strings on the heap.
 */
export class LineBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** UTF-8 bytes, line feeds included. */
  get length(): number {
    return this.#length;
  }

  append(line: string): void {
    // No character of a string takes more than three bytes of UTF-8 for each of its units.
    this.#ensure(this.#length + 1 + line.length * 3);
    if (this.#length > 0) this.#length += this.#bytes.write("\n", this.#length, "latin1");
    this.#length += this.#bytes.write(line, this.#length, "utf8");
  }

  /** Forgets the lines and keeps the buffer for others. */
  clear(): void {
    this.#length = 0;
  }

  /** The lines behind a text, in memory of their own. */
  after(text: string): Buffer {
    const start = Buffer.byteLength(text);
    const all = Buffer.allocUnsafeSlow(start + this.#length);
    all.write(text, "utf8");
    this.#bytes.copy(all, start, 0, this.#length);
    return all;
  }

  #ensure(capacity: number): void {
    if (capacity <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(capacity, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const FIRST_BYTES = 4096;
