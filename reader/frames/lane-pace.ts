import type { PositionText } from "../../wire/position.ts";

/**
 * The longest pause while the path does not keep up, unless a longer one is configured: fifty
 * frames a second are what a lane delivers also where each invocation waits long for SQS.
 */
const BUSY_MS = 20;

/**
 * A frame that takes this long to be delivered shows that frames are made faster than they are
 * delivered; or that the path is so slow that a longer pause does not count.
 */
const LATE_MS = 50;
/** Frames that are watched: one at most in each interval, so that they cover a second. */
const WATCHED = 50;
const WATCH_EVERY_MS = 20;

/** What of the pause is left after each look that finds the path keeping up. */
const EASING = 0.8;

interface WatchedFrame {
  readonly last: PositionText;
  readonly sentAtMs: number;
}

/**
 * How far apart the frames of one lane leave that are not full: as close as is configured while the
 * route function keeps up, further apart while it does not. The raw queue takes frames however many
 * wait in it, so only the lane's delivered position tells. All times are of `performance.now()`.
 */
export class LanePace {
  readonly #shortestMs: number;
  readonly #longestMs: number;
  readonly #watched: WatchedFrame[] = [];
  #ms: number;

  /** `shortestMs`: as configured. */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
    this.#longestMs = Math.max(shortestMs, BUSY_MS);
    this.#ms = shortestMs;
  }

  /** From one send to the next one, at least. */
  get ms(): number {
    return this.#ms;
  }

  /** Whether the delivered position can change the pace, and frames wait for it. */
  get isCurious(): boolean {
    return this.#watched.length > 0;
  }

  /** Called when a frame is sent, full or not. */
  sent(last: PositionText, nowMs: number): void {
    if (this.#shortestMs === this.#longestMs || this.#watched.length === WATCHED) return;
    const latest = this.#watched.at(-1);
    if (latest !== undefined && nowMs - latest.sentAtMs < WATCH_EVERY_MS) return;
    this.#watched.push({ last, sentAtMs: nowMs });
  }

  /**
   * Called now and then with the lane's delivered position; null where none is known. `isTroubled`:
   * something of the lane may be parked. Each frame becomes a record then, and records are sent one
   * after the other: fewer of them are sent sooner.
   */
  delivered(position: PositionText | null, isTroubled: boolean, nowMs: number): void {
    const waiting = this.#watched.findIndex(({ last }) => last > (position ?? ""));
    this.#watched.splice(0, waiting === -1 ? this.#watched.length : waiting);
    const [oldest] = this.#watched;
    const isLate = oldest !== undefined && nowMs - oldest.sentAtMs > LATE_MS;
    this.#ms =
      isLate || isTroubled
        ? Math.min(this.#longestMs, this.#ms * 2)
        : Math.max(this.#shortestMs, this.#ms * EASING);
  }
}
