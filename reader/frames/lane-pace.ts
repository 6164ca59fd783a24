import type { PositionText } from "../../wire/position.ts";

/**
 * The longest pause while delivery does not keep up, unless a longer one is configured. A lane can
 * deliver fifty frames a second even when each invocation waits long for SQS.
 */
const BUSY_MS = 20;

/**
 * The pause grows while a frame takes longer than this to be delivered. Then either frames are sent
 * faster than they are delivered, or each delivery takes longer than the longest pause, so that a
 * longer pause delays changes little.
 */
const LATE_MS = BUSY_MS;
/**
 * The number of frames watched: at most one in each interval, so that they cover three seconds. The
 * frames of the last moments before a look are among them.
 */
const WATCHED = 300;
const WATCH_EVERY_MS = 10;

/** The factor by which each look shortens the pause while delivery keeps up. */
const EASING = 0.8;

interface WatchedFrame {
  readonly last: PositionText;
  readonly sentAtMs: number;
}

/**
 * The pause between two frames of a lane that are not full. It is as short as configured while
 * frames are delivered fast, and longer while they are not. Only the lane's delivered position
 * shows this, because the raw queue accepts any number of frames. All times are those of
 * `performance.now()`.
 */
export class LanePace {
  readonly #shortestMs: number;
  readonly #longestMs: number;
  readonly #watched: WatchedFrame[] = [];
  #ms: number;

  /** `shortestMs`: the configured pause. */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
    this.#longestMs = Math.max(shortestMs, BUSY_MS);
    this.#ms = shortestMs;
  }

  /** The shortest time from one send to the next, milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** Whether the pace needs the delivered position, because it watches frames. */
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
   * Called periodically with the lane's delivered position; null when it is unknown. `isTroubled`:
   * frames of the lane may be parked. A parked frame becomes a record, and records are sent one
   * after the other, so fewer and larger frames are delivered sooner.
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
