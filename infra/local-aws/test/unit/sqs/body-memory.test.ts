import { expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { contentForTest, queueForTest, receiveForTest } from "../../support/queue-for-test.ts";
import { stringifyAroundBodies } from "../../../sqs/protocols/message-bodies.ts";
import type { MessageContent } from "../../../sqs/queues/message.ts";
import { MessageBody } from "../../../sqs/queues/message-body.ts";
import type { Queue } from "../../../sqs/queues/queue.ts";

/** Longer than the bodies that are kept for display after their deletion. */
const TEXT = "a".repeat(40_000);

test("a body's memory is given back when the last of its holders releases it", () => {
  const { body, json } = bodyOf(TEXT);
  body.hold();
  body.hold();
  body.release();
  expect(body.text).toBe(TEXT);
  body.release();
  expect(json).toHaveLength(0);
  expect(() => body.text).toThrow(/memory was given back/);
  expect(() => body.json).toThrow(/memory was given back/);
});

test("a body that is a text stays", () => {
  const body = MessageBody.ofText("text");
  body.hold();
  body.release();
  expect(body.text).toBe("text");
});

test("the neighbours of a small body stay", () => {
  const request = Buffer.from(`"small"${"x".repeat(40_000)}`);
  const body = MessageBody.ofJson(request.subarray(0, 7));
  body?.hold();
  body?.release();
  expect(request.toString("utf8", 0, 8)).toBe('"small"x');
});

test.each<[string, (queue: Queue, clock: ManualClock) => unknown]>([
  [
    "it is deleted",
    async (queue) => {
      const [message] = await receiveForTest(queue);
      message?.body.release();
      if (message !== undefined) queue.delete(message);
    },
  ],
  ["its queue is purged", (queue) => queue.purge()],
  [
    "its retention has passed",
    (queue, clock) => {
      clock.advance(4 * 24 * 3_600_000);
      return queue.counts;
    },
  ],
])("a message's body is given back when %s", async (_name, end) => {
  for (const attributes of [{}, { FifoQueue: "true" }] as Record<string, string>[]) {
    const clock = new ManualClock();
    const queue = queueForTest(clock, attributes);
    const { content, json } = bodyOf(TEXT);
    queue.send(content, 0);
    expect(json).not.toHaveLength(0);
    await end(queue, clock);
    expect(queue.counts).toMatchObject({ visible: 0, inFlight: 0 });
    expect(json).toHaveLength(0);
  }
});

test("a received body stays until its answers are written, also when its message is gone", async () => {
  const queue = queueForTest(new ManualClock(), { FifoQueue: "true" });
  const { content, body, json } = bodyOf(TEXT);
  queue.send(content, 0);
  const options = { attemptId: "attempt" };
  for (const answered of [
    await receiveForTest(queue, options),
    await receiveForTest(queue, options),
  ])
    expect(answered).toMatchObject([{ body: { text: TEXT } }]);
  queue.purge();
  body.release();
  expect(body.text).toBe(TEXT);
  body.release();
  expect(json).toHaveLength(0);
});

test("the bodies in an answer stay until it was written, and no longer", () => {
  const [long, other] = [bodyOf(TEXT), bodyOf("b".repeat(40_000))];
  for (const { body } of [long, other]) body.hold();
  const messages = [{ Body: long.body }, { Body: MessageBody.ofText("é") }, { Body: other.body }];
  const { body, written } = stringifyAroundBodies({ Messages: messages });
  expect(JSON.parse(Buffer.concat(body as Uint8Array[]).toString())).toEqual({
    Messages: [{ Body: TEXT }, { Body: "é" }, { Body: other.body.text }],
  });
  expect(long.json).not.toHaveLength(0);
  written?.();
  expect(long.json).toHaveLength(0);
  expect(other.json).toHaveLength(0);
});

test("a body moves with its message to another queue", () => {
  const [source, target] = [1, 2].map(() => queueForTest(new ManualClock(), {}));
  const { content, body, json } = bodyOf(TEXT);
  source?.send(content, 0);
  expect(source?.moveOne(() => target)).toBe("moved");
  expect(body.text).toBe(TEXT);
  target?.purge();
  expect(json).toHaveLength(0);
});

test("a dead letter has its body", async () => {
  const clock = new ManualClock();
  const target = queueForTest(clock, {});
  const queue = queueForTest(clock, {}, undefined, { queue: target, maxReceiveCount: 1 });
  const { content, body } = bodyOf(TEXT);
  queue.send(content, 0);
  await receiveForTest(queue, { visibilityMs: 1 });
  body.release();
  clock.advance(1);
  expect(await receiveForTest(queue)).toEqual([]);
  expect(await receiveForTest(target)).toMatchObject([{ body: { text: TEXT } }]);
});

test("a short body is kept for display after its message's deletion, for forty more messages", () => {
  const queue = queueForTest(new ManualClock(), {});
  const { content, json } = bodyOf("short".repeat(1000));
  queue.send(content, 0);
  queue.purge();
  for (let n = 1; n < 40; n++) queue.send(contentForTest(`${n}`), 0);
  expect(queue.recent.all().at(-1)?.message.body.text).toBe("short".repeat(1000));
  queue.send(contentForTest("40"), 0);
  expect(json).toHaveLength(0);
});

/** A body that is held as JSON, and the memory in which it is. */
function bodyOf(text: string): {
  readonly body: MessageBody;
  readonly content: MessageContent;
  readonly json: Buffer;
} {
  // Not in memory that small buffers share.
  const json = Buffer.alloc(text.length + 2, JSON.stringify(text));
  const body = MessageBody.ofJson(json);
  if (body === undefined) throw new Error("the text is no JSON string");
  return { body, content: { ...contentForTest(""), body }, json };
}
