import { expect, test } from "vitest";
import { ManualClock } from "./manual-clock.ts";
import { contentForTest, queueForTest, receiveForTest } from "./sqs-queue.ts";

const MOST_IN_FLIGHT = 120_000;
const REACH = 120_000;

test("a standard queue with 120,000 messages in flight refuses a receive, a FIFO queue gives nothing", async () => {
  for (const attributes of [{}, { FifoQueue: "true" }] as Record<string, string>[]) {
    const fifo = attributes["FifoQueue"] === "true";
    const queue = queueForTest(new ManualClock(), attributes);
    for (let n = 0; n <= MOST_IN_FLIGHT; n++)
      queue.send(contentForTest("x", `group-${n % 60_000}`), 0);
    for (let n = 0; n < MOST_IN_FLIGHT; n += 10)
      expect(await receiveForTest(queue)).toHaveLength(10);
    expect(queue.counts).toMatchObject({ visible: 1, inFlight: MOST_IN_FLIGHT });
    if (fifo) expect(await receiveForTest(queue)).toEqual([]);
    else await expect(receiveForTest(queue)).rejects.toMatchObject({ error: "OverLimit" });
  }
});

test("a message that could not be handed over goes back, uncounted", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  queue.send(contentForTest("1", "g"), 0);
  queue.send(contentForTest("2", "g"), 0);
  queue.putBack(await receiveForTest(queue));
  const again = await receiveForTest(queue);
  expect(again.map(({ body, receiveCount }) => [body, receiveCount])).toEqual([
    ["1", 1],
    ["2", 1],
  ]);
});

test("a poll whose client has gone takes nothing", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  const client = new AbortController();
  const gone = receiveForTest(queue, { waitMs: 20_000, signal: client.signal });
  const stays = receiveForTest(queue, { waitMs: 20_000 });
  client.abort();
  queue.send(contentForTest("1", "g"), 0);
  expect(await gone).toEqual([]);
  expect(await stays).toMatchObject([{ body: "1", receiveCount: 1 }]);
});

test("a poll wakes at the moment at which a message becomes visible", async () => {
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

test("a FIFO queue looks for groups among its first 120,000 messages only", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  for (let n = 0; n < REACH; n++) queue.send(contentForTest(`${n}`, "backlog"), 0);
  queue.send(contentForTest("hidden", "other"), 0);
  queue.send(contentForTest("hidden, too", "another"), 0);
  const [first] = await receiveForTest(queue, { most: 1 });
  if (first === undefined) throw new Error("the backlog can be received");
  expect(await receiveForTest(queue)).toEqual([]);
  queue.delete(first);
  const bodies = (await receiveForTest(queue, { most: 1 })).map(({ body }) => body);
  bodies.push(...(await receiveForTest(queue)).map(({ body }) => body));
  expect(bodies).toEqual(["1", "hidden"]);
});

test("200,000 messages of a few groups are sent, received and deleted without searching", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  const count = 200_000;
  const startMs = performance.now();
  for (let n = 0; n < count; n++) queue.send(contentForTest(String(n), `group-${n % 7}`), 0);
  let received = 0;
  for (
    let messages = await receiveForTest(queue);
    messages.length > 0;
    messages = await receiveForTest(queue)
  ) {
    received += messages.length;
    for (const message of messages) queue.delete(message);
  }
  expect(received).toBe(count);
  // Some 100 times what it takes here; a search per call would take hours.
  expect(performance.now() - startMs).toBeLessThan(60_000);
});
