import { metricKey, type Datum, type MetricId } from "./metric.ts";
import { Series } from "./series.ts";
import type { Statistic } from "./statistics.ts";

/** The metrics of one account, in memory. */
export class MetricStore {
  readonly #series = new Map<string, Series>();

  put({ metric, timeMs, values }: Datum): void {
    const key = metricKey(metric);
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = new Series()));
    series.put(timeMs, values);
  }

  /**
   * A statistic of the values from `fromMs` until before `toMs`; undefined when there are none. See
   * `Series.between`.
   */
  statistic(
    metric: MetricId,
    statistic: Statistic,
    fromMs: number,
    toMs: number,
  ): number | undefined {
    const summary = this.#series.get(metricKey(metric))?.between(fromMs, toMs);
    return summary === undefined ? undefined : statistic(summary);
  }
}
