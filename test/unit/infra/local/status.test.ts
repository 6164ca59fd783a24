import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Tally } from "../../../../infra/local/demo/tally.ts";
import { Status } from "../../../../infra/local/status.ts";
import { wellFacts } from "../../../support/console/well-facts.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
});
afterEach(() => void vi.useRealTimers());

test("a problem is shown for a while, and again when it occurs again", async () => {
  using status = new Status();
  status.watch(() => Promise.resolve(wellFacts()));
  const shown = async () => (await status.snapshot())?.problems;
  expect(await shown()).toEqual({ count: 0, last: null });
  status.problem(new Error("the reader ended\nwith more lines"));
  expect(await shown()).toEqual({ count: 1, last: "the reader ended" });
  vi.advanceTimersByTime(14_000);
  expect(await shown()).toEqual({ count: 1, last: "the reader ended" });
  vi.advanceTimersByTime(2_000);
  expect(await shown()).toEqual({ count: 1, last: null });
  status.problem("it ended");
  expect(await shown()).toEqual({ count: 2, last: "it ended" });
});

test("facts that cannot be taken are a problem, and leave the display as it is", async () => {
  using status = new Status();
  let error: Error | null = new Error("DynamoDB refuses");
  status.watch(() => (error === null ? Promise.resolve(wellFacts()) : Promise.reject(error)));
  expect(await status.snapshot()).toBeNull();
  error = null;
  expect((await status.snapshot())?.problems).toEqual({ count: 1, last: "DynamoDB refuses" });
});

test("failure records that cannot be read are a problem, and the display shows the rest", async () => {
  using status = new Status();
  status.watch(() => Promise.resolve({ ...wellFacts(), failures: { error: "refused" } }));
  status.follow({
    tally: new Tally([]),
    lookForParked: () => Promise.reject(new Error("DynamoDB refuses")),
  });
  const snapshot = await status.snapshot();
  expect(snapshot?.problems.last).toBe("DynamoDB refuses");
  expect(snapshot?.streams).toMatchObject([{ routed: 5, parked: null, dead: 0 }]);
});

test("without the demonstration, a queue's parked and waiting changes are the stack's own counts", async () => {
  using status = new Status();
  const facts = wellFacts();
  const stream = {
    stream: "queue/0/shop-billing-staging.fifo",
    queue: "shop-billing-staging.fifo",
    reason: "send",
    error: "AccessDenied",
    records: 1,
    changes: 7,
    attempts: 1,
    parkedAt: 1,
    isGivenUp: false,
    nextAttemptAt: 2,
  };
  const queues = facts.queues.map((queue) => ({ ...queue, dead: 2 }));
  const failures = { records: 1, changes: 7, streams: [stream] };
  status.watch(() => Promise.resolve({ ...facts, queues, failures }));
  expect((await status.snapshot())?.streams).toEqual([
    {
      environment: "staging",
      subscriber: "billing",
      written: null,
      delivered: null,
      routed: 5,
      parked: 7,
      dead: 2,
      waiting: 0,
      delayMs: null,
    },
  ]);
});
