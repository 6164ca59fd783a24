import { monitorEventLoopDelay } from "node:perf_hooks";

/**
 * A shorter time is not reported. People notice longer ones as delays or as their clients'
 * time-outs.
 */
const NOTICEABLE_MS = 500;
const RESOLUTION_MS = 20;

/**
 * Measures for how long this process, which contains the stand-ins for AWS, did nothing because the
 * machine had other work. It starts at the first look, so that loading the CDK does not count.
 */
export class StandStill implements Disposable {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #longestMs = 0;

  /** The longest such time since the first look, milliseconds; null when too short to matter. */
  look(): number | null {
    // `enable` returns whether it has just been enabled.
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
