import { giveBack } from "./give-back.ts";

/**
 * Longer bodies are put together at their end: memory is not set aside on the word of a header.
 */
const LARGEST_AHEAD = 4 * 1024 * 1024;

/**
 * Collects a request's body. One that comes in several chunks is put together as they come, and
 * their memory is given back at once.
 */
export class RequestBody {
  readonly #length: number;
  readonly #chunks: Buffer[] = [];
  #whole: Buffer | undefined;
  #bytes = 0;

  /** `length`: of the header `content-length`; 0 when there is none. */
  constructor(length: number) {
    this.#length = length;
  }

  /** Adds a chunk, which must not be used afterwards. */
  add(chunk: Buffer): void {
    if (this.#length > LARGEST_AHEAD || this.#length <= chunk.length)
      return void this.#chunks.push(chunk);
    this.#whole ??= Buffer.allocUnsafeSlow(this.#length);
    this.#bytes += chunk.copy(this.#whole, this.#bytes);
    // Unless it is part of a larger piece.
    if (chunk.buffer.byteLength === chunk.length) giveBack(chunk);
  }

  /** The body, after its last chunk. */
  whole(): Buffer {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.#bytes);
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }
}
