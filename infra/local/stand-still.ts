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
  #latest = { ms: 0, atMs: -Infinity };

  /** The longest such time since the first look, milliseconds; null when too short to matter. */
  longest(): number | null {
    this.look();
    return noticeable(this.#longestMs);
  }

  /** The latest such time, if it was in the last `withinMs`; null also when too short to matter. */
  latest(withinMs: number): number | null {
    this.look();
    const { ms, atMs } = this.#latest;
    return performance.now() - atMs > withinMs ? null : noticeable(ms);
  }

  look(): void {
    // `enable` returns whether it has just been enabled.
    if (this.#delays.enable()) return;
    const ms = this.#delays.max / 1e6;
    this.#delays.reset();
    this.#longestMs = Math.max(this.#longestMs, ms);
    if (ms >= NOTICEABLE_MS) this.#latest = { ms, atMs: performance.now() };
  }

  [Symbol.dispose](): void {
    this.#delays.disable();
  }
}

function noticeable(ms: number): number | null {
  return ms < NOTICEABLE_MS ? null : ms;
}
