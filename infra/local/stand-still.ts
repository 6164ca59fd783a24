import { monitorEventLoopDelay } from "node:perf_hooks";

/** From here on people notice: delays, and time-outs of their own clients. */
const NOTICEABLE_MS = 500;
const RESOLUTION_MS = 20;

/**
 * For how long this process, and with it the stand-ins for AWS, did nothing, because the machine
 * had other work. Watched from the first look on, so that loading the CDK does not count.
 */
export class StandStill implements Disposable {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #longestMs = 0;

  /** The longest one since the first look, milliseconds; null while it was too short to matter. */
  look(): number | null {
    // It answers whether it was enabled now.
    if (!this.#delays.enable()) {
      this.#longestMs = Math.max(this.#longestMs, this.#delays.max / 1e6);
      this.#delays.reset();
    }
    return this.#longestMs < NOTICEABLE_MS ? null : this.#longestMs;
  }

  [Symbol.dispose](): void {
    this.#delays.disable();
  }
}
