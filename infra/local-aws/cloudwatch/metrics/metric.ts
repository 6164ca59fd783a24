/**
 * The identity of a metric in CloudWatch. It includes all dimensions: one more or less makes
 * another metric.
 */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Values of one metric at one time. */
export interface Datum {
  readonly metric: MetricId;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly values: readonly number[];
}

/** A text that identifies a metric, independent of the order of its dimensions. */
export function metricKey({ namespace, name, dimensions }: MetricId): string {
  const sorted = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([namespace, name, ...sorted.flat()]);
}
