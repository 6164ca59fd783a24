import type { Clock } from "../../time/clock.ts";

/** A clock that moves only when a test advances it. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #alarms = new Map<() => void, number>();

  constructor(nowMs = 1_000_000_000_000) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  at(timeMs: number, callback: () => void): () => void {
    const ring = (): void => callback();
    this.#alarms.set(ring, timeMs);
    return () => void this.#alarms.delete(ring);
  }

  /** Advances the clock and fires the timers that become due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#alarms].sort(([, one], [, other]) => one - other)[0];
      if (due === undefined || due[1] > endMs) break;
      this.#alarms.delete(due[0]);
      this.#nowMs = Math.max(this.#nowMs, due[1]);
      due[0]();
    }
    this.#nowMs = endMs;
  }
}
