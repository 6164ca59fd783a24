import { addSummary, addValue, emptySummary, type Summary } from "./statistics.ts";

/** How finely values are kept, and for how long. */
interface Tier {
  readonly bucketMs: number;
  readonly keepMs: number;
  readonly buckets: Map<number, Summary>;
}

const MINUTE_MS = 60_000;
const FINE_MS = 5_000;

/**
 * The values of one metric: by the minute for three hours, and in steps of five seconds for the
 * last quarter of an hour.
 */
export class Series {
  readonly #minutes: Tier = { bucketMs: MINUTE_MS, keepMs: 180 * MINUTE_MS, buckets: new Map() };
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
   * What came from `fromMs` on and before `toMs`, both multiples of five seconds; undefined when
   * nothing did.
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

/** Drops what is too old: the oldest stand first, but for values that came late. */
function forget({ buckets, bucketMs, keepMs }: Tier, nowMs: number): void {
  for (const place of buckets.keys()) {
    if (place * bucketMs >= nowMs - keepMs) return;
    buckets.delete(place);
  }
}
