import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CANARY_ENVIRONMENT, CANARY_SUBSCRIBER } from "../../../../../../config/canary-names.ts";
import type { Reason } from "../../../../../../functions/failures/parked.ts";
import type { AlarmFacts } from "../../../../../../infra/local/console/facts/alarm-facts.ts";
import type { Facts, ParkedStream } from "../../../../../../infra/local/console/facts/facts.ts";
import { headline } from "../../../../../../infra/local/console/facts/headline.ts";
import { RUNBOOK } from "../../../../../../infra/stack/monitoring/runbook.ts";
import { REPOSITORY_ROOT } from "../../../../../../infra/stack/resources/repository-root.ts";
import type { ReaderState } from "../../../../../../reader/reporting/status.ts";
import { COUNTS, wellFacts } from "../../../../../support/console/well-facts.ts";

const WELL = wellFacts();
const READER = { state: "streaming", sinceMs: 0, lagMs: 3, transactions: 1, changes: 1 } as const;
const [QUEUE] = WELL.queues as [Facts["queues"][number]];

function stream(reason: string, changes: number, isGivenUp = false): ParkedStream {
  const times = { attempts: 1, parkedAt: 1, isGivenUp, nextAttemptAt: null };
  return {
    stream: `thread/0/${reason}`,
    queue: null,
    reason,
    error: "",
    records: 1,
    changes,
    ...times,
  };
}

const RINGS: AlarmFacts = {
  name: "binlog-router shop: Lag",
  shortName: "Lag",
  severity: "urgent",
  meaning: "The reader is behind.",
  heading: "Lag",
  queue: null,
  state: "ALARM",
  reason: "",
  sinceMs: 0,
  breaching: 5,
  toAlarm: 5,
};

test("all is well", () => {
  expect(headline(WELL)).toEqual({ level: "well", text: "All is well.", findings: [] });
});

const CANARY_QUEUE = {
  ...QUEUE,
  environment: CANARY_ENVIRONMENT,
  subscriber: CANARY_SUBSCRIBER,
  name: "shop-router-canary-binlog-router.fifo",
  deadName: "shop-router-canary-binlog-router-dead.fifo",
};

const BILLING = "shop-billing-staging.fifo";

test.each<[Partial<Facts>, string, string, string, string[]]>([
  [{ reader: null }, "stopped", "No reader answers.", "Reader not reporting", ["reader"]],
  [
    { source: { ...WELL.source, state: "ended" } },
    "stopped",
    "MySQL at 127.0.0.1:3306 has ended.",
    "Reader not reporting",
    ["source", "reader"],
  ],
  [
    {
      reader: { ...READER, state: "connecting", sinceMs: 88_000 },
    },
    "stopped",
    "The reader has been connecting for 12 s: nothing is read.",
    "Reader not reporting",
    ["reader"],
  ],
  [
    { reader: { ...READER, state: "standby", sinceMs: 75_000 } },
    "stopped",
    "The reader has waited for 25 s for the lease, which another reader holds: nothing is read.",
    "Reader not reporting",
    ["reader"],
  ],
  [
    { reader: { ...READER, state: "waiting", sinceMs: 75_000 } },
    "stopped",
    "The reader has waited for 25 s until the frames of the former lanes are delivered: nothing is read.",
    "Lag",
    ["reader"],
  ],
  [
    { raw: { ...WELL.raw, counts: { ...COUNTS, oldestAgeMs: 21_000 } } },
    "trouble",
    "The oldest frame has waited in the raw queue for 21 s.",
    "Raw queue age",
    ["raw"],
  ],
  [
    { queues: [{ ...QUEUE, counts: null }] },
    "trouble",
    "The queue shop-billing-staging.fifo does not exist: its changes are parked.",
    "Failures pending",
    [BILLING],
  ],
  [
    { queues: [{ ...QUEUE, dead: 1 }] },
    "trouble",
    "1 message in the dead-letter queue shop-billing-staging-dead.fifo.",
    "Dead-letter queue not empty",
    [BILLING],
  ],
  [
    { failures: { changes: 7, records: 2, streams: [stream("unattributed", 7)] } },
    "trouble",
    "7 deliveries of 1 stream parked: the author is not known for certain.",
    "Unattributed changes",
    ["failures"],
  ],
  [
    { failures: { changes: 7, records: 2, streams: [stream("unattributed", 7, true)] } },
    "trouble",
    "7 deliveries of 1 stream given up: they wait for an operator.",
    "Failures dead",
    ["failures"],
  ],
  [{ alarms: [RINGS] }, "trouble", "The alarm “Lag” rings.", "Lag", ["reader"]],
])("%j", (change, level, text, heading, about) => {
  const found = headline({ ...WELL, ...change });
  expect(found.level).toBe(level);
  expect(found.findings).toEqual([{ level, text, heading, about }]);
});

test.each<[Partial<AlarmFacts>, string[]]>([
  [{ heading: "Subscriber queue age", queue: BILLING }, [BILLING]],
  [{ heading: "Dead-letter queue not empty", queue: QUEUE.deadName }, [BILLING]],
  [{ heading: "Dead-letter queue not empty", queue: WELL.raw.deadName }, ["raw"]],
  [{ heading: "Raw queue age", queue: WELL.raw.name }, ["raw"]],
  [{ heading: "Function errors", shortName: "Function errors route" }, ["raw"]],
  [{ heading: "Function errors", shortName: "Function errors retry" }, ["failures"]],
  [{ heading: "Canary missing" }, [CANARY_QUEUE.name]],
])("the alarm %j is about %j", (alarm, about) => {
  const queues = [...WELL.queues, CANARY_QUEUE];
  const { findings } = headline({ ...WELL, queues, alarms: [{ ...RINGS, ...alarm }] });
  expect(findings.map((finding) => finding.about)).toEqual([about]);
});

const READER_STATES: Record<ReaderState, "well" | "stopped"> = {
  standby: "stopped",
  waiting: "stopped",
  streaming: "well",
  connecting: "stopped",
  blocked: "stopped",
  stopping: "stopped",
  stopped: "stopped",
};
const REASONS: Record<Reason, true> = {
  unattributed: true,
  "queue-unavailable": true,
  "access-denied": true,
  throttled: true,
  refused: true,
  "too-large": true,
  "body-unavailable": true,
  behind: true,
  malformed: true,
  fault: true,
  "dead-letter": true,
};

test.each(Object.entries(READER_STATES))("a reader that is %s: %s", (state, level) => {
  const reader = { ...WELL.reader, state, sinceMs: 0 } as Facts["reader"];
  expect(headline({ ...WELL, reader }).level).toBe(level);
});

/** Every trouble that the page and the terminal can show. */
const TROUBLES: Partial<Facts>[] = [
  ...(["ended", "suspended"] as const).map((state) => ({ source: { ...WELL.source, state } })),
  { reader: null },
  ...Object.entries(READER_STATES)
    .filter(([, level]) => level !== "well")
    .map(([state]) => ({ reader: { ...WELL.reader, state, sinceMs: 0 } as Facts["reader"] })),
  { raw: { ...WELL.raw, counts: null } },
  { raw: { ...WELL.raw, dead: 1 } },
  { raw: { ...WELL.raw, counts: { ...COUNTS, oldestAgeMs: 60_000 } } },
  { queues: [{ ...QUEUE, counts: null }] },
  { queues: [{ ...QUEUE, dead: 1 }] },
  { failures: { error: "AccessDeniedException: refused" } },
  ...Object.keys(REASONS).flatMap((reason) =>
    [false, true].map((isGivenUp) => ({
      failures: { changes: 1, records: 1, streams: [stream(reason, 1, isGivenUp)] },
    })),
  ),
  ...Object.values(RUNBOOK).map((heading) => ({ alarms: [{ ...RINGS, heading }] })),
];

test("every trouble leads to a heading that the runbook has", () => {
  const page = readFileSync(join(REPOSITORY_ROOT, "docs/runbook.md"), "utf8");
  const headings = new Set<string | undefined>(
    Array.from(page.matchAll(/^## (.+)$/gm), ([, heading]) => heading),
  );
  const astray = TROUBLES.filter((trouble) => {
    const { findings } = headline({ ...WELL, ...trouble });
    return findings.length === 0 || findings.some(({ heading }) => !headings.has(heading));
  });
  expect(astray).toEqual([]);
});

test("a finding by which every environment waits comes first", () => {
  const found = headline({ ...WELL, alarms: [RINGS], reader: null });
  expect(found.text).toBe("No reader answers. (and 1 more)");
  expect(found.level).toBe("stopped");
});

test.each(["standby", "waiting"] as const)("a reader that has just begun to be %s", (state) => {
  const reader = { ...READER, state, sinceMs: 85_000 };
  expect(headline({ ...WELL, reader }).level).toBe("well");
});

test("a reader that has just lost its connection is no finding yet, and an alarm of a part that does not run here never is", () => {
  const reader = { ...WELL.reader, state: "connecting", sinceMs: 99_000 } as Facts["reader"];
  expect(headline({ ...WELL, reader, alarms: [{ ...RINGS, state: "NOT_HERE" }] }).level).toBe(
    "well",
  );
});
