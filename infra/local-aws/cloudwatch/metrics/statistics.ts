import { UnknownMonitoringError } from "./errors.ts";

/** A summary of a metric's values in a span of time. */
export interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** The values, for percentiles; at most the first VALUES_KEPT of each bucket. */
  readonly values: number[];
}

/** Enough values for an accurate percentile. */
const VALUES_KEPT = 1_000;

export function emptySummary(): Summary {
  return { count: 0, sum: 0, min: Infinity, max: -Infinity, values: [] };
}

export function addValue(summary: Summary, value: number): void {
  summary.count++;
  summary.sum += value;
  summary.min = Math.min(summary.min, value);
  summary.max = Math.max(summary.max, value);
  if (summary.values.length < VALUES_KEPT) summary.values.push(value);
}

/** Adds the summary of another span of time. */
export function addSummary(summary: Summary, other: Summary): void {
  summary.count += other.count;
  summary.sum += other.sum;
  summary.min = Math.min(summary.min, other.min);
  summary.max = Math.max(summary.max, other.max);
  summary.values.push(...other.values);
}

export type Statistic = (summary: Summary) => number;

const STATISTICS: Readonly<Record<string, Statistic>> = {
  Sum: ({ sum }) => sum,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
  SampleCount: ({ count }) => count,
};

/**
 * A statistic by CloudWatch's name: `Sum`, `p99`. Throws UnknownMonitoringError; `where` names the
 * alarm or widget for its message.
 */
export function statisticNamed(name: string, where: string): Statistic {
  const simple = STATISTICS[name];
  if (simple !== undefined) return simple;
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(name)?.[1];
  if (percent === undefined) throw new UnknownMonitoringError(where, `the statistic ${name}`);
  return ({ values }) => percentile(values, Number(percent));
}

/**
 * The value below which `percent` of the values lie, interpolated between the two nearest values.
 */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
