import { queryObjects } from "node:v8";
import { expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { contentForTest, queueForTest, receiveForTest } from "../../support/queue-for-test.ts";

const LIMITS = { inFlight: 30, reach: 30 };

test("with too many messages in flight, a standard queue refuses a receive and a FIFO queue returns nothing", async () => {
  for (const attributes of [{}, { FifoQueue: "true" }] as Record<string, string>[]) {
    const queue = queueForTest(new ManualClock(), attributes, LIMITS);
    for (let n = 0; n < 31; n++) queue.send(contentForTest("x", `group-${n}`), 0);
    for (let n = 0; n < 30; n += 10) expect(await receiveForTest(queue)).toHaveLength(10);
    expect(queue.counts).toMatchObject({ visible: 1, inFlight: 30 });
    if (queue.fifo) expect(await receiveForTest(queue)).toEqual([]);
    else await expect(receiveForTest(queue)).rejects.toMatchObject({ error: "OverLimit" });
  }
});

test("a receive whose client has already disconnected takes no message", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  queue.send(contentForTest("1", "g"), 0);
  expect(await receiveForTest(queue, { signal: AbortSignal.abort() })).toEqual([]);
  expect(await receiveForTest(queue)).toMatchObject([{ body: { text: "1" }, receiveCount: 1 }]);
});

test("a waiting receive whose client disconnects takes no message", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  const client = new AbortController();
  const gone = receiveForTest(queue, { waitMs: 20_000, signal: client.signal });
  const stays = receiveForTest(queue, { waitMs: 20_000 });
  client.abort();
  queue.send(contentForTest("1", "g"), 0);
  expect(await gone).toEqual([]);
  expect(await stays).toMatchObject([{ body: { text: "1" }, receiveCount: 1 }]);
});

test("a waiting receive ends when a message becomes visible", async () => {
  const clock = new ManualClock();
  const queue = queueForTest(clock, { FifoQueue: "true" });
  queue.send(contentForTest("1", "g"), 0);
  await receiveForTest(queue, { visibilityMs: 5000 });
  let received: unknown;
  const polling = receiveForTest(queue, { waitMs: 20_000 }).then(
    (messages) => (received = messages),
  );
  clock.advance(4999);
  await Promise.resolve();
  expect(received).toBeUndefined();
  clock.advance(1);
  expect(await polling).toMatchObject([{ body: { text: "1" }, receiveCount: 2 }]);
});

test("a FIFO queue looks for groups among its first messages only", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" }, LIMITS);
  for (let n = 0; n < LIMITS.reach; n++) queue.send(contentForTest(`${n}`, "backlog"), 0);
  queue.send(contentForTest("hidden", "other"), 0);
  queue.send(contentForTest("hidden, too", "another"), 0);
  const [first] = await receiveForTest(queue, { most: 1 });
  if (first === undefined) throw new Error("the queue returned no message of the backlog");
  expect(await receiveForTest(queue)).toEqual([]);
  queue.delete(first);
  const bodies = (await receiveForTest(queue, { most: 1 })).map(({ body }) => body.text);
  bodies.push(...(await receiveForTest(queue)).map(({ body }) => body.text));
  expect(bodies).toEqual(["1", "hidden"]);
});

// If each call searched the whole queue, this would take minutes. The time limit allows for a busy
// machine.
test(
  "100,000 messages are sent, received and deleted without searching",
  { timeout: 240_000 },
  async () => {
    const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
    const count = 100_000;
    for (let n = 0; n < count; n++) queue.send(contentForTest(String(n), `group-${n % 7}`), 0);
    let received = 0;
    while (received < count) {
      const messages = await receiveForTest(queue);
      expect(messages).toHaveLength(10);
      received += messages.length;
      for (const message of messages) queue.delete(message);
    }
    expect(await receiveForTest(queue)).toEqual([]);
  },
);

/** The live memory, bytes. */
function heapBytes(): number {
  queryObjects(Map, { format: "count" }); // collects all garbage
  return process.memoryUsage().heapUsed;
}

test("nothing of a deleted message's body stays in memory", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  const pass = async (messages: number): Promise<void> => {
    for (let n = 0; n < messages; n++) {
      queue.send(contentForTest(Buffer.alloc(100_000, "x").toString("latin1"), "g"), 0);
      const [message] = await receiveForTest(queue, { attemptId: `attempt-${n}` });
      if (message !== undefined) queue.delete(message);
    }
  };
  await pass(10);
  const before = heapBytes();
  await pass(100);
  expect(heapBytes() - before).toBeLessThan(1_000_000);
});
