import type { Facts, QueueCounts } from "../../../infra/local/console/facts/facts.ts";

export const COUNTS: QueueCounts = {
  visible: 0,
  inFlight: 0,
  delayed: 0,
  oldestAgeMs: null,
  sent: 5,
  deleted: 5,
};
const QUEUE = {
  environment: "staging",
  subscriber: "billing",
  name: "shop-billing-staging.fifo",
  counts: COUNTS,
  dead: 0,
  deadName: "shop-billing-staging-dead.fifo",
};
/** The facts of a stack with one queue and no alarms, in which all is well. */
export function wellFacts(): Facts {
  return {
    nowMs: 100_000,
    startedMs: 0,
    source: { address: "127.0.0.1:3306", version: "9.7.4", state: "running" },
    reader: { state: "streaming", sinceMs: 0, lagMs: 3, transactions: 1, changes: 1 },
    raw: { ...QUEUE, name: "shop-raw.fifo", deadName: "shop-raw-dead.fifo" },
    queues: [QUEUE],
    failures: { changes: 0, records: 0, streams: [] },
    alarms: [],
  };
}
