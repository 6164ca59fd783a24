import type { Facts } from "../../../infra/local/console/facts/facts.ts";
import { headline } from "../../../infra/local/console/facts/headline.ts";
import type { View } from "../../../infra/local/console/server/console-server.ts";
import { wellFacts } from "./well-facts.ts";

/** An alarm that is silent. */
const ALARM = {
  name: "binlog-router shop: Lag",
  shortName: "Lag",
  severity: "urgent",
  meaning: "The reader is behind.",
  heading: "Lag",
  queue: null,
  state: "OK",
  reason: "0 of 5 datapoints were greater than 60000.",
  sinceMs: 0,
  breaching: 0,
  toAlarm: 5,
} as const;
const WIDGETS = [
  { id: 0, x: 0, y: 0, width: 24, height: 1, kind: "text", markdown: "# Reader" },
  {
    id: 1,
    x: 0,
    y: 1,
    width: 12,
    height: 6,
    kind: "graph",
    title: "Lag of the reader",
    stacked: false,
    lines: [{ label: "lag", axis: "left" }],
  },
];
const RECORD = {
  stream: "thread/6f1e-binlog.000007/1234567",
  queue: null,
  reason: "unattributed",
  error: "UnknownAuthorError: connection 1234567 has no entry in the session ledger",
  records: 1,
  changes: 1,
  attempts: 1,
  parkedAt: 1,
  isGivenUp: false,
  nextAttemptAt: 2,
};
const CHANGE = {
  environment: "staging",
  subscriber: "billing",
  queue: "shop-billing-staging.fifo",
  messageId: "one",
  op: "u",
  table: "shop.a_table_with_a_long_name",
  user: "app_staging",
  attribution: "first-sight",
  gtid: null,
  place: "binlog.000007:1234567890",
  committedMs: 1,
  sentMs: 2,
  receivedMs: 3,
  deletedMs: null,
};
const MESSAGE = { group: "a", state: "visible", sentAtMs: 1, receiveCount: 0, length: 9 };

/** The facts of a stack with an alarm that is silent. */
export function factsWithAlarm(): Facts {
  return { ...wellFacts(), alarms: [ALARM] };
}

/** `facts` with a parked stream. */
export function withParked(facts: Facts): Facts {
  return { ...facts, failures: { changes: 1, records: 1, streams: [RECORD] } };
}

/** The page's views over facts that a test makes up, so that no system has to run. */
export function madeUpViews(facts: () => Facts): Record<string, View> {
  return {
    "/api/overview": () => ({
      name: "shop",
      users: { staging: ["app_staging"] },
      headline: headline(facts()),
      facts: facts(),
    }),
    "/api/alarm": () => ({
      ...ALARM,
      condition: "Maximum of ReaderLag in each minute is greater than 60000.",
      history: [{ atMs: 1, from: "ALARM", to: "OK", reason: "0 of 5." }],
    }),
    "/api/runbook": () =>
      "**Meaning.** It is behind.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```\nx\n```",
    "/api/dashboard": () => WIDGETS,
    "/api/widgets": () => [{ id: 1, times: [1, 2, 3], lines: [[1, 2, 3]] }],
    "/api/messages": () => ["one", "two"].map((id) => ({ ...MESSAGE, id })),
    "/api/changes": () => [CHANGE],
    "/api/body": () => ({ body: '{"changes":[]}' }),
  };
}
