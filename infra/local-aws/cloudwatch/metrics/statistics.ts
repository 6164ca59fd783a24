import { UnknownMonitoringError } from "./errors.ts";

/** What is kept of the values of one metric in one stretch of time. */
export interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
  /** For percentiles; the first ones when there are very many. */
  readonly values: number[];
}

/** More values than this say no more about a percentile. */
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

/** Adds what another stretch of time holds. */
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
 * A statistic by CloudWatch's name: `Sum`, `p99`. Throws UnknownMonitoringError; `where` says whose
 * it is.
 */
export function statisticNamed(name: string, where: string): Statistic {
  const simple = STATISTICS[name];
  if (simple !== undefined) return simple;
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(name)?.[1];
  if (percent === undefined) throw new UnknownMonitoringError(where, `the statistic ${name}`);
  return ({ values }) => percentile(values, Number(percent));
}

/** The value below which `percent` of the values lie, between the two nearest ones. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
