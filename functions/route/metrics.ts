import { DIMENSIONS, ROUTE_METRICS, UNATTRIBUTED } from "../../wire/metrics.ts";
import type { MetricSink } from "../metrics.ts";
import type { RecordOutcome } from "./route-records.ts";

/** Counts what became of one message of the raw queue. `now`: milliseconds since 1970. */
export function countOutcome(metrics: MetricSink, outcome: RecordOutcome, now: number): void {
  switch (outcome.kind) {
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
  { shares, unattributed, parked }: Extract<RecordOutcome, { kind: "routed" }>,
  now: number,
): void {
  for (const [value, { changes, oldestCommitMs }] of shares.byEnvironment) {
    const environment = { name: DIMENSIONS.environment, value };
    metrics.count(ROUTE_METRICS.changesRouted, changes, environment);
    metrics.milliseconds(ROUTE_METRICS.delay, Math.max(0, now - oldestCommitMs), environment);
  }
  const attributions = new Map<string, number>(shares.byAttribution);
  if (unattributed > 0) attributions.set(UNATTRIBUTED, unattributed);
  for (const [value, changes] of attributions) {
    const attribution = { name: DIMENSIONS.attribution, value };
    metrics.count(ROUTE_METRICS.changesAttributed, changes, attribution);
  }
  if (shares.dropped > 0) metrics.count(ROUTE_METRICS.changesDropped, shares.dropped);
  const waiting = [...parked.values()].reduce((sum, changes) => sum + changes, unattributed);
  if (waiting > 0) metrics.count(ROUTE_METRICS.changesParked, waiting);
}
