import { DIMENSIONS, ROUTE_METRICS, UNATTRIBUTED } from "../../wire/metrics.ts";
import type { MetricSink } from "../ground/metrics.ts";
import type { FrameTally } from "./route-outcome.ts";
import type { RecordOutcome } from "./route-records.ts";

/**
 * Counts the outcome of one message of the raw queue and of those that were delivered together with
 * it. `now` is in milliseconds since 1970.
 */
export function countOutcome(metrics: MetricSink, outcome: RecordOutcome, now: number): void {
  switch (outcome.kind) {
    case "with-predecessor":
      return;
    case "malformed":
      return metrics.count(ROUTE_METRICS.framesMalformed, 1);
    case "repeat":
      return metrics.count(ROUTE_METRICS.framesRepeated, 1);
    case "routed":
      return countRouted(metrics, outcome, now);
    default:
      return outcome satisfies never;
  }
}

function countRouted(
  metrics: MetricSink,
  { frames, unattributed, parked, faults }: Extract<RecordOutcome, { kind: "routed" }>,
  now: number,
): void {
  for (const shares of frames) countShares(metrics, shares, now);
  if (unattributed > 0) countAttributed(metrics, UNATTRIBUTED, unattributed);
  const waiting = [...parked.values()].reduce((sum, changes) => sum + changes, unattributed);
  if (waiting > 0) metrics.count(ROUTE_METRICS.changesParked, waiting);
  for (const { changes } of faults) metrics.count(ROUTE_METRICS.changesFaulty, changes);
}

/** Counts the changes of one frame. */
function countShares(metrics: MetricSink, shares: FrameTally, now: number): void {
  for (const [value, { changes, oldestCommitMs }] of shares.byEnvironment) {
    const environment = { name: DIMENSIONS.environment, value };
    metrics.count(ROUTE_METRICS.changesRouted, changes, environment);
    metrics.milliseconds(ROUTE_METRICS.delay, Math.max(0, now - oldestCommitMs), environment);
  }
  for (const [value, changes] of shares.byAttribution) countAttributed(metrics, value, changes);
  if (shares.dropped > 0) metrics.count(ROUTE_METRICS.changesDropped, shares.dropped);
}

function countAttributed(metrics: MetricSink, value: string, changes: number): void {
  metrics.count(ROUTE_METRICS.changesAttributed, changes, { name: DIMENSIONS.attribution, value });
}
