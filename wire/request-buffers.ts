/**
 * Buffers that are used for one request, or answer, after the other. A new one each time would make
 * V8 collect its whole heap sooner.
 */
export class RequestBuffers {
  readonly #spare: Buffer[] = [];

  /** A buffer of at least `bytes` bytes, with any content. */
  take(bytes: number): Buffer {
    const spare = this.#spare.pop();
    // One that is too small is replaced, so after a while all of them are large enough.
    if (spare !== undefined && spare.length >= bytes) return spare;
    return Buffer.allocUnsafeSlow(STEP * Math.ceil(bytes / STEP));
  }

  /** Takes back a buffer from which nothing reads any more. */
  giveBack(buffer: Buffer): void {
    if (this.#spare.length < MOST_SPARE && buffer.length <= MOST_BYTES) this.#spare.push(buffer);
  }
}

/** Lengths are multiples of this, so that a buffer fits the next request of about the same size. */
const STEP = 64 * 1024;
const MOST_SPARE = 4;
/** The largest buffer that is kept: a body has at most 1 MiB, and escapes can double it. */
const MOST_BYTES = 2 * 1024 * 1024 + STEP;
