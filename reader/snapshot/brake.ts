import { setTimeout as delay } from "node:timers/promises";
import type { HandedUpTo } from "./snapshot-run.ts";

export interface BrakeOptions {
  /** How far the stream is behind, milliseconds. */
  readonly lagMs: () => number;
  /**
   * Whether the route function has delivered, or parked, what was handed over; true where that
   * cannot be told.
   */
  readonly isDelivered: (last: HandedUpTo) => Promise<boolean>;
  /** Null, or what to wait for while too much is unsent. */
  readonly relief: () => Promise<void> | null;
}

const LONGEST_LAG_MS = 3000;
/** How long a snapshot rests that finds the stream behind. */
const REST_MS = 500;
/** How often, and how many times without a pause, it is asked whether a chunk was delivered. */
const LOOK_AGAIN_MS = 20;
const MOST_LOOKS = 20;

/** Says when the stream leaves room for a snapshot's next chunk. */
export class Brake {
  readonly #options: BrakeOptions;
  #restUntilMs = 0;

  constructor(options: BrakeOptions) {
    this.#options = options;
  }

  /** No chunk before `ms` milliseconds have passed. */
  rest(ms: number): void {
    this.#restUntilMs = performance.now() + ms;
  }

  /**
   * Whether a chunk may be read; "behind" where the stream is.
   *
   * @param last what was handed over last
   */
  async look(last: HandedUpTo | null): Promise<"free" | "behind" | "wait"> {
    const { lagMs, relief, isDelivered } = this.#options;
    if (performance.now() < this.#restUntilMs) return "wait";
    if (lagMs() > LONGEST_LAG_MS) {
      this.rest(REST_MS);
      return "behind";
    }
    const pressed = relief();
    if (pressed !== null) await pressed;
    // The raw queue takes chunks faster than they are delivered, and ordinary changes of the lane
    // would wait behind all of them.
    for (let looks = 0; last !== null && !(await isDelivered(last)); looks++) {
      if (looks === MOST_LOOKS) return "wait";
      await delay(LOOK_AGAIN_MS);
    }
    return "free";
  }
}
