import { randomUUID } from "node:crypto";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { CommandError } from "../../../../../operator/shared/command-error.ts";
import { moveDeadLetters } from "../../../../../operator/commands/failures/redrive.ts";
import { encodePointer } from "../../../../../wire/payload-pointer.ts";
import type { Target } from "../../../../../operator/shared/target.ts";
import { Consumer } from "../../../../support/functions/consumer.ts";
import { killAt } from "../../../../support/functions/crashing.ts";
import { rawQueueName } from "../../../../../wire/names.ts";
import { SOURCE, TestLane } from "../../../../support/functions/frames.ts";
import { CountingMetrics, retry } from "../../../../support/functions/invoke.ts";
import { Pipeline } from "../../../../support/functions/pipeline.ts";
import { numbers } from "../../../../support/functions/received.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { targetOf } from "../../../../support/functions/target.ts";

/**
 * Far longer than this test takes: a message becomes visible again only when the test advances
 * SQS's clock.
 */
const VISIBILITY_SECONDS = 600;

test("redrive brings every frame in the raw queue's dead-letter queue back, in order", async () => {
  await using stage = await Stage.start();
  await stage.createRawQueue({ visibilitySeconds: VISIBILITY_SECONDS, maxReceives: 2 });
  const comeAgain = () => stage.clock.advance(VISIBILITY_SECONDS * 1000 + 1);
  await using production = new Consumer(stage, "production");
  await using pipeline = new Pipeline(stage, {
    retryEveryMs: 200,
    backoff: { baseMs: 100, longestMs: 200, attempts: 1000 },
  });
  using target = targetOf(stage);
  const dead = target.rawDeadLetterQueueUrl;
  const messagesIn = async (queueUrl: string): Promise<number> => {
    const { Attributes: attributes } = await stage.clients.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: taken } =
      attributes ?? {};
    return Number(visible) + Number(taken);
  };
  const lane = new TestLane();

  await pipeline.send(lane.frame([{}, {}]));
  await vi.waitFor(() => expect(production.numbers).toEqual([1, 2]), 60_000);
  // A delivered frame may not be deleted yet. The outage must not catch the first frame, too.
  const raw = stage.queueUrl(rawQueueName(SOURCE));
  await vi.waitFor(async () => expect(await messagesIn(raw)).toBe(0), 60_000);

  // DynamoDB is unavailable until the raw queue has used up its receives.
  const disaster = stage.aws.faults.add({
    service: "dynamodb",
    effect: { kind: "error", code: "InternalServerError" },
  });
  for (let n = 0; n < 3; n++) await pipeline.send(lane.frame([{}]));
  await vi.waitFor(
    async () => {
      comeAgain();
      expect(await messagesIn(dead)).toBe(3);
    },
    { timeout: 60_000, interval: 200 },
  );
  disaster.remove();

  // Frames written in the meantime wait for the missing ones.
  await pipeline.send(lane.frame([{}]));
  await vi.waitFor(
    () => expect(pipeline.metrics.totals.get("GapDetected")).toBeGreaterThan(0),
    60_000,
  );
  expect(production.numbers).toEqual([1, 2]);

  // The waiting frame may follow the others into the dead-letter queue; then it is redriven as
  // well.
  await vi.waitFor(
    async () => {
      await moveDeadLetters(target, () => undefined);
      comeAgain();
      expect(production.numbers).toEqual([1, 2, 3, 4, 5, 6]);
    },
    { timeout: 120_000, interval: 500 },
  );
}, 240_000);

test("dead letters that are not frames of the source stop neither the other frames nor a lane", async () => {
  await using stage = await Stage.start();
  await stage.createRawQueue({ visibilitySeconds: VISIBILITY_SECONDS, maxReceives: 2 });
  using target = targetOf(stage);
  const { s3 } = stage.clients;
  const payload = { Bucket: "payloads", Key: "frames/0/large" };
  const lane = new TestLane();
  const [first, second] = [lane.frame([{}]), lane.frame([{}])];
  await s3.send(new PutObjectCommand({ ...payload, Body: second }));
  const letters = [
    encodePointer({ bucket: "payloads", key: "frames/0/gone" }),
    new TestLane().frame([{}]).replace(`"source":"${SOURCE}"`, '"source":"other"'),
    new TestLane().frame([{}]).replace("mysql-bin.000001", "mysql-bin"),
    "hello",
    first,
    encodePointer({ bucket: payload.Bucket, key: payload.Key }),
  ];
  for (const body of letters) await sendLetter(target, body);

  expect(await moveDeadLetters(target, () => undefined)).toBe(letters.length);
  // Payloads in the raw queue's bucket can expire while a record still waits.
  await s3.send(new DeleteObjectCommand(payload));
  stage.clock.advance(60_000);
  const metrics = new CountingMetrics();
  await retry(stage.runtime, { metrics });
  expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2]);
  expect(metrics.totals.get("FailuresPending")).toBe(4);
});

test("a redrive that is killed between any two of its effects loses and reorders nothing", async () => {
  // Each redrive ends with a long poll of an empty queue, so they run in parallel.
  const killed = await Promise.all(
    Array.from({ length: 14 }, (_, n) => [
      killedAt(n + 1, "before"),
      killedAt(n + 1, "after"),
    ]).flat(),
  );
  // A redrive receives; for each message it opens or moves the tail, writes the record, and deletes
  // the message.
  expect(killed.filter(Boolean).length).toBeGreaterThanOrEqual(2 * 10);
  expect(killed.at(-1)).toBe(false);
}, 240_000);

/**
 * Whether a redrive of three messages made this many requests, and was killed at the last one. The
 * test later checks what is delivered.
 */
async function killedAt(request: number, when: "before" | "after"): Promise<boolean> {
  await using stage = await Stage.start();
  await stage.createRawQueue({ visibilitySeconds: VISIBILITY_SECONDS, maxReceives: 2 });
  const lane = new TestLane();
  {
    using target = targetOf(stage);
    for (let n = 0; n < 3; n++) await sendLetter(target, lane.frame([{}, {}]));
  }
  using doomed = targetOf(stage);
  const { requests } = killAt(doomed, request, when);
  await moveDeadLetters(doomed, () => undefined).catch(() => undefined);
  const killed = requests() >= request;

  // The recorded frames are delivered before the rest is redriven.
  await retry(stage.runtime);
  stage.clock.advance(VISIBILITY_SECONDS * 1000);
  using target = targetOf(stage);
  await moveDeadLetters(target, () => undefined);
  stage.clock.advance(60_000);
  const metrics = new CountingMetrics();
  await retry(stage.runtime, { metrics });
  expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(metrics.totals.get("FailuresPending")).toBe(0);
  return killed;
}

async function sendLetter({ sqs, rawDeadLetterQueueUrl }: Target, body: string): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: rawDeadLetterQueueUrl,
      MessageGroupId: "0",
      MessageDeduplicationId: randomUUID(),
      MessageBody: body,
    }),
  );
}

test("redrive refuses a queue that is not the dead-letter queue of a raw queue", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const other = { ...target, rawDeadLetterQueueUrl: stage.rawQueueUrl };
  await expect(moveDeadLetters(other, () => undefined)).rejects.toThrow(CommandError);
});
