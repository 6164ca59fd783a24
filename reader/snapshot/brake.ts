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
 * How many parts may be undelivered. With two, each frame of a lane has a part. With one, the frame
 * behind a part would have none: the reader learns too late that the part is delivered.
 */
const MOST_UNDELIVERED = 2;
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
  /**
   * The last parts that were handed over, at most MOST_UNDELIVERED. They may be of a former
   * connection or another snapshot.
   */
  #latest: readonly HandedUpTo[] = [];

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** Allows no part for the next `ms` milliseconds. */
  rest(ms: number): void {
    this.#restUntilMs = performance.now() + ms;
  }

  /** Called after each part. */
  handedOver(upTo: HandedUpTo): void {
    this.#latest = [...this.#latest, upTo].slice(-MOST_UNDELIVERED);
  }

  /**
   * Whether a part may be handed over ("free"); "behind" when the stream lags, "wait" in other
   * cases.
   */
  async look(): Promise<"free" | "behind" | "wait"> {
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
    const first = this.#latest.length < MOST_UNDELIVERED ? undefined : this.#latest[0];
    for (let looks = 0; first !== undefined && !(await isDelivered(first)); looks++) {
      if (looks === MOST_LOOKS) return "wait";
      await delay(LOOK_AGAIN_MS);
    }
    return "free";
  }
}
