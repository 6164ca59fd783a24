import type { PositionText } from "../../wire/position.ts";

/**
 * The longest pause while frames wait for each other in the raw queue, unless a longer one is
 * configured.
 */
const LONGEST_MS = 100;

/** The longest pause that parked frames alone cause, unless a longer one is configured. */
const TROUBLED_MS = 20;

/** The factors by which a look lengthens and shortens the pause. */
const GROWTH = 2;
const EASING = 0.8;

/**
 * Ends a look at a lane's delivery: `delivered` is the lane's delivered position, null when it is
 * unknown. `isTroubled`: frames of the lane may be parked.
 */
export type EndLook = (delivered: PositionText | null, isTroubled: boolean) => void;

/**
 * The pause between two frames of a lane that are not full. The route function delivers a lane's
 * frames one after the other. A frame that is sent before the one ahead of it is delivered waits in
 * the raw queue, and costs requests of its own. In the reader it could fill meanwhile. So the pause
 * grows while two frames are on their way, and is as short as configured while frames are delivered
 * fast. Only the lane's delivered position shows this, because the raw queue accepts any number of
 * frames.
 */
export class LanePace {
  readonly #shortestMs: number;
  readonly #longestMs: number;
  /** The last positions of the latest frame and of the one before. */
  #latest: PositionText | null = null;
  #before: PositionText | null = null;
  /** Whether a frame was sent since the last look began. */
  #hasSent = false;
  #ms: number;

  /** `shortestMs`: the configured pause. */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
    this.#longestMs = Math.max(shortestMs, LONGEST_MS);
    this.#ms = shortestMs;
  }

  /** The shortest time from one send to the next, milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** Called when the raw queue has accepted a frame, full or not. */
  sent(last: PositionText): void {
    this.#before = this.#latest;
    this.#latest = last;
    this.#hasSent = true;
  }

  /**
   * Begins a look at the lane's delivery. Returns null when the delivered position would not change
   * the pause.
   */
  look(): EndLook | null {
    if (this.#shortestMs === this.#longestMs) return null;
    if (!this.#hasSent && this.#ms === this.#shortestMs) return null;
    this.#hasSent = false;
    const before = this.#before;
    return (delivered, isTroubled) => {
      const areTwoOnTheirWay = before !== null && before > (delivered ?? "");
      const goalMs = isTroubled ? Math.max(this.#shortestMs, TROUBLED_MS) : this.#shortestMs;
      if (areTwoOnTheirWay) this.#ms = Math.min(this.#longestMs, this.#ms * GROWTH);
      else if (this.#ms < goalMs) this.#ms = Math.min(goalMs, this.#ms * GROWTH);
      else this.#ms = Math.max(goalMs, this.#ms * EASING);
    };
  }
}
