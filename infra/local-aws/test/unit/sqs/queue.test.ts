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
  expect(await receiveForTest(queue)).toMatchObject([{ body: "1", receiveCount: 1 }]);
});

test("a waiting receive whose client disconnects takes no message", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  const client = new AbortController();
  const gone = receiveForTest(queue, { waitMs: 20_000, signal: client.signal });
  const stays = receiveForTest(queue, { waitMs: 20_000 });
  client.abort();
  queue.send(contentForTest("1", "g"), 0);
  expect(await gone).toEqual([]);
  expect(await stays).toMatchObject([{ body: "1", receiveCount: 1 }]);
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
  expect(await polling).toMatchObject([{ body: "1", receiveCount: 2 }]);
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
  const bodies = (await receiveForTest(queue, { most: 1 })).map(({ body }) => body);
  bodies.push(...(await receiveForTest(queue)).map(({ body }) => body));
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
