import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { DIMENSIONS, METRIC_NAMESPACE } from "../../wire/metrics.ts";

/**
 * Collects the metrics of one invocation. `publish` writes them at its end, with a separate line
 * for each set of dimensions.
 */
export interface MetricSink {
  count(name: string, value: number, dimension?: Dimension): void;
  milliseconds(name: string, value: number, dimension?: Dimension): void;
  publish(): void;
}

/** A dimension in addition to `Source`. */
interface Dimension {
  readonly name: string;
  readonly value: string;
}

interface Series {
  readonly dimension: Dimension | undefined;
  readonly counts: Map<string, number>;
  readonly durations: { readonly name: string; readonly value: number }[];
}

/** CloudWatch accepts at most 100 values of a metric in one line. */
const VALUES_PER_LINE = 100;

/** Writes to the log in CloudWatch's embedded metric format, with the dimension `Source`. */
export function embeddedMetrics(source: string): MetricSink {
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE });
  // Powertools adds a dimension `service`. The alarms do not name it, and CloudWatch finds a metric
  // only by all of its dimensions.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [DIMENSIONS.source]: source });
  const all = new Map<string, Series>();

  function seriesOf(dimension: Dimension | undefined): Series {
    const key = dimension === undefined ? "" : `${dimension.name}=${dimension.value}`;
    const known = all.get(key);
    if (known !== undefined) return known;
    const series: Series = { dimension, counts: new Map(), durations: [] };
    all.set(key, series);
    return series;
  }

  return {
    count(name, value, dimension) {
      const { counts } = seriesOf(dimension);
      counts.set(name, (counts.get(name) ?? 0) + value);
    },
    milliseconds(name, value, dimension) {
      const { durations } = seriesOf(dimension);
      if (durations.length < VALUES_PER_LINE) durations.push({ name, value });
    },
    publish() {
      for (const { dimension, counts, durations } of all.values()) {
        if (dimension !== undefined) metrics.addDimension(dimension.name, dimension.value);
        for (const [name, value] of counts) metrics.addMetric(name, MetricUnit.Count, value);
        for (const { name, value } of durations) {
          metrics.addMetric(name, MetricUnit.Milliseconds, value);
        }
        metrics.publishStoredMetrics();
      }
      all.clear();
    },
  };
}
