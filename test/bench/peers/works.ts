import type { Figure, Target } from "../benchmark.ts";
import { SHORTEST_DELAY_MS } from "../delay/delay.ts";
import { percentile } from "../delay/percentile.ts";

/** What is measured through SQS, and up to the reader's callback: the `work` of its figures. */
export const WORKS = {
  bulk: "transactions of 200 rows through SQS",
  oneRow: "one-row transactions through SQS",
  delay: "100 transactions/s through SQS",
  callback: "100 transactions/s to the reader's callback",
} as const;

/** The router's name in these figures. */
export const ROUTER = "binlog-router";

/** The router with the shortest `delivery.delayMs`, whose delay alone is measured. */
export const ROUTER_SOONER = `${ROUTER} (delayMs=${SHORTEST_DELAY_MS})`;

export const UNITS = {
  rate: "changes/s",
  disorder: "% out of order",
  p50: "ms p50",
  p99: "ms p99",
} as const;

interface Throughput {
  readonly rows: number;
  /** How many of the rows came after a later one. */
  readonly disordered: number;
  readonly rowsPerSecond: number;
}

export function throughputFigures(
  work: string,
  name: string,
  { rows, disordered, rowsPerSecond }: Throughput,
): readonly Figure[] {
  return [
    { work, name, value: rowsPerSecond, unit: UNITS.rate },
    { work, name, value: (100 * disordered) / rows, unit: UNITS.disorder },
  ];
}

export function delayFigures(
  work: string,
  name: string,
  delaysMs: readonly number[],
  targets?: { readonly p50: Target; readonly p99: Target },
): readonly Figure[] {
  const { p50, p99 } = targets ?? {};
  return [
    { work, name, value: percentile(delaysMs, 0.5), unit: UNITS.p50, ...(p50 && { target: p50 }) },
    { work, name, value: percentile(delaysMs, 0.99), unit: UNITS.p99, ...(p99 && { target: p99 }) },
  ];
}
