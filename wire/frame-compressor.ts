import { constants, createZstdCompress, type ZstdCompress } from "node:zlib";
import { ZSTD_OPTIONS } from "./zstd-options.ts";

/**
 * Compresses frames one after the other with one stream of zlib's. `zlib.zstdCompress` makes a
 * stream for each, with a context of more than a megabyte and a buffer for the output.
 */
export class FrameCompressor {
  #stream: ZstdCompress | null = null;
  #parts: Buffer[] = [];
  #reject: (error: unknown) => void = () => undefined;
  /** Fulfilled when the latest frame is compressed. */
  #latest: Promise<unknown> = Promise.resolve();

  /** `frame` must not change until the promise has settled. */
  compress(frame: Buffer): Promise<Buffer> {
    const compressed = this.#latest.then(() => this.#compress(frame));
    // Without its bytes, which would stay in memory until the next frame.
    this.#latest = compressed.then(
      () => undefined,
      () => undefined,
    );
    return compressed;
  }

  async #compress(frame: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#stream ??= this.#open();
    this.#reject = reject;
    this.#stream.write(frame);
    // Ends what a decoder reads as a whole; what follows does not depend on it.
    this.#stream.flush(constants.ZSTD_e_end, resolve);
    try {
      await promise;
      const [first = Buffer.alloc(0), ...others] = this.#parts;
      return others.length === 0 ? first : Buffer.concat(this.#parts);
    } finally {
      this.#parts = [];
      this.#reject = () => undefined;
    }
  }

  #open(): ZstdCompress {
    const stream = createZstdCompress(ZSTD_OPTIONS);
    stream.on("data", (part: Buffer) => this.#parts.push(part));
    stream.on("error", (error) => {
      this.#stream = null;
      this.#reject(error);
    });
    return stream;
  }
}
