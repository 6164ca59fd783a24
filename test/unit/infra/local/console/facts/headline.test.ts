import { expect, test } from "vitest";
import type { AlarmFacts } from "../../../../../../infra/local/console/facts/alarm-facts.ts";
import type { Facts, ParkedStream } from "../../../../../../infra/local/console/facts/facts.ts";
import { wellFacts } from "../../../../../support/console/well-facts.ts";
import { headline } from "../../../../../../infra/local/console/facts/headline.ts";

const WELL = wellFacts();
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
  state: "ALARM",
  reason: "",
  sinceMs: 0,
  breaching: 5,
  toAlarm: 5,
};

test("all is well", () => {
  expect(headline(WELL)).toEqual({ level: "well", text: "All is well.", findings: [] });
});

test.each<[Partial<Facts>, string, string, string]>([
  [{ reader: null }, "stopped", "No reader answers.", "Reader not reporting"],
  [
    { source: { ...WELL.source, state: "ended" } },
    "stopped",
    "MySQL at 127.0.0.1:3306 has ended.",
    "Reader not reporting",
  ],
  [
    {
      reader: { state: "connecting", sinceMs: 88_000, lagMs: 12_000, transactions: 1, changes: 1 },
    },
    "stopped",
    "The reader has been connecting for 12 s: nothing is read.",
    "Reader not reporting",
  ],
  [
    { queues: [{ ...QUEUE, counts: null }] },
    "trouble",
    "The queue shop-billing-staging.fifo does not exist: its changes are parked.",
    "Failures pending",
  ],
  [
    { queues: [{ ...QUEUE, dead: 1 }] },
    "trouble",
    "1 message in the dead-letter queue shop-billing-staging-dead.fifo.",
    "Dead-letter queue not empty",
  ],
  [
    { failures: { changes: 7, records: 2, streams: [stream("unattributed", 7)] } },
    "trouble",
    "7 deliveries of 1 stream parked: the author is not known for certain.",
    "Unattributed changes",
  ],
  [
    { failures: { changes: 7, records: 2, streams: [stream("unattributed", 7, true)] } },
    "trouble",
    "7 deliveries of 1 stream given up: they wait for an operator.",
    "Failures dead",
  ],
  [{ alarms: [RINGS] }, "trouble", "The alarm “Lag” rings.", "Lag"],
])("%j", (change, level, text, heading) => {
  const found = headline({ ...WELL, ...change });
  expect(found.level).toBe(level);
  expect(found.findings).toEqual([{ level, text, heading }]);
});

test("a finding by which every environment waits comes first", () => {
  const found = headline({ ...WELL, alarms: [RINGS], reader: null });
  expect(found.text).toBe("No reader answers. (and 1 more)");
  expect(found.level).toBe("stopped");
});

test("a reader that has just lost its connection is no finding yet, and an alarm of a part that does not run here never is", () => {
  const reader = { ...WELL.reader, state: "connecting", sinceMs: 99_000 } as Facts["reader"];
  expect(headline({ ...WELL, reader, alarms: [{ ...RINGS, state: "NOT_HERE" }] }).level).toBe(
    "well",
  );
});
