import { addSummary, addValue, emptySummary, type Summary } from "./statistics.ts";

/** A resolution at which values are kept, and for how long. */
interface Tier {
  readonly bucketMs: number;
  readonly keepMs: number;
  readonly buckets: Map<number, Summary>;
}

const MINUTE_MS = 60_000;
const FINE_MS = 5_000;
/** How long values are kept by the minute. */
export const MINUTES_KEPT = 180;

/**
 * The values of one metric: by the minute for MINUTES_KEPT, and by five seconds for 17 minutes.
 */
export class Series {
  readonly #minutes: Tier = {
    bucketMs: MINUTE_MS,
    keepMs: MINUTES_KEPT * MINUTE_MS,
    buckets: new Map(),
  };
  readonly #fine: Tier = { bucketMs: FINE_MS, keepMs: 17 * MINUTE_MS, buckets: new Map() };

  put(timeMs: number, values: readonly number[]): void {
    for (const tier of [this.#minutes, this.#fine]) {
      const place = Math.floor(timeMs / tier.bucketMs);
      let summary = tier.buckets.get(place);
      if (summary === undefined) {
        tier.buckets.set(place, (summary = emptySummary()));
        forget(tier, timeMs);
      }
      for (const value of values) addValue(summary, value);
    }
  }

  /**
   * The values from `fromMs` until before `toMs`, both multiples of five seconds; undefined when
   * there are none.
   */
  between(fromMs: number, toMs: number): Summary | undefined {
    const whole = fromMs % MINUTE_MS === 0 && toMs % MINUTE_MS === 0;
    const { bucketMs, buckets } = whole ? this.#minutes : this.#fine;
    const summary = emptySummary();
    for (let place = Math.floor(fromMs / bucketMs); place * bucketMs < toMs; place++) {
      const found = buckets.get(place);
      if (found !== undefined) addSummary(summary, found);
    }
    return summary.count === 0 ? undefined : summary;
  }
}

/** Drops old buckets. The oldest are first, except those of late values. */
function forget({ buckets, bucketMs, keepMs }: Tier, nowMs: number): void {
  for (const place of buckets.keys()) {
    if (place * bucketMs >= nowMs - keepMs) return;
    buckets.delete(place);
  }
}
