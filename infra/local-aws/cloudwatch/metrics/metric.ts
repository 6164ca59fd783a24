/**
 * What CloudWatch knows a metric by. All dimensions belong to it: with one more or less it is
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

/** A text that is the same for the same metric, whatever the order of its dimensions. */
export function metricKey({ namespace, name, dimensions }: MetricId): string {
  const sorted = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([namespace, name, ...sorted.flat()]);
}
