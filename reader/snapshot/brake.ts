import { setTimeout as delay } from "node:timers/promises";
import type { HandedUpTo } from "./snapshot-reading.ts";

export interface BrakeOptions {
  /** The lag of the stream, milliseconds. */
  readonly lagMs: () => number;
  /**
   * Whether the route function has delivered or parked the rows that were handed over; false when
   * this is unknown.
   */
  readonly isDelivered: (rows: HandedUpTo) => Promise<boolean>;
  /** A promise to await while too many bytes are unsent; else null. */
  readonly relief: () => Promise<void> | null;
}

const LONGEST_LAG_MS = 3000;
/** How long a snapshot pauses when the stream lags. */
const REST_MS = 500;
/**
 * The interval of the checks for a part's delivery (LOOK_AGAIN_MS), and their number in one call
 * (MOST_LOOKS).
 */
const LOOK_AGAIN_MS = 10;
const MOST_LOOKS = 40;

/** Decides when a snapshot may hand over its next part without delaying the stream. */
export class Brake {
  readonly #options: BrakeOptions;
  #restUntilMs = 0;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** Allows no part for the next `ms` milliseconds. */
  rest(ms: number): void {
    this.#restUntilMs = performance.now() + ms;
  }

  /**
   * Whether a part may be handed over ("free"); "behind" when the stream lags, "wait" in other
   * cases.
   *
   * @param rows what must be delivered first; null: nothing
   */
  async look(rows: HandedUpTo | null): Promise<"free" | "behind" | "wait"> {
    const { lagMs, relief, isDelivered } = this.#options;
    if (performance.now() < this.#restUntilMs) return "wait";
    if (lagMs() > LONGEST_LAG_MS) {
      this.rest(REST_MS);
      return "behind";
    }
    const pressed = relief();
    if (pressed !== null) await pressed;
    // The raw queue accepts parts faster than they are delivered, so ordinary changes of the lane
    // would have to wait behind them.
    for (let looks = 0; rows !== null && !(await isDelivered(rows)); looks++) {
      if (looks === MOST_LOOKS) return "wait";
      await delay(LOOK_AGAIN_MS);
    }
    return "free";
  }
}
