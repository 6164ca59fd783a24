import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { redrive } from "../../../functions/operator/redrive.ts";
import type { Target } from "../../../functions/operator/target.ts";
import { rawQueueName } from "../../../wire/names.ts";
import { Consumer } from "../../support/functions/consumer.ts";
import { SOURCE, TestLane } from "../../support/functions/frames.ts";
import { Pipeline } from "../../support/functions/pipeline.ts";
import { Stage } from "../../support/functions/stage.ts";

test("what a disaster leaves in the raw queue's dead-letter queue comes back complete and in order", async () => {
  await using stage = await Stage.start();
  await stage.createRawQueue({ visibilitySeconds: 1, maxReceives: 2 });
  await using production = new Consumer(stage, "production");
  await using pipeline = new Pipeline(stage, {
    retryEveryMs: 200,
    backoff: { baseMs: 100, longestMs: 200, attempts: 1000 },
  });
  const dead = stage.queueUrl(rawQueueName(SOURCE).replace(".fifo", "-dead.fifo"));
  const waiting = async (): Promise<number> => {
    const { Attributes: attributes } = await stage.clients.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: dead,
        AttributeNames: ["ApproximateNumberOfMessages"],
      }),
    );
    return Number(attributes?.ApproximateNumberOfMessages);
  };
  const lane = new TestLane();

  await pipeline.send(lane.frame([{}, {}]));
  await vi.waitFor(() => expect(production.numbers).toEqual([1, 2]), 20_000);

  // DynamoDB is away for longer than the raw queue has patience.
  const disaster = stage.aws.faults.add({
    service: "dynamodb",
    effect: { kind: "error", code: "InternalServerError" },
  });
  for (let n = 0; n < 3; n++) await pipeline.send(lane.frame([{}]));
  await vi.waitFor(async () => expect(await waiting()).toBe(3), { timeout: 30_000, interval: 200 });
  disaster.remove();

  // What was written meanwhile waits for what is missing.
  await pipeline.send(lane.frame([{}]));
  await vi.waitFor(
    () => expect(pipeline.metrics.totals.get("GapDetected")).toBeGreaterThan(0),
    20_000,
  );
  expect(production.numbers).toEqual([1, 2]);

  const target: Target = {
    ...stage.clients,
    offsetsTable: "offsets",
    failuresTable: "failures",
    sessionsTable: "sessions",
    payloadBucket: "payloads",
    rawDeadLetterQueueUrl: dead,
    [Symbol.dispose]: () => undefined,
  };
  // The frame that waits may follow the others into the dead-letter queue; then it is brought back as well.
  await vi.waitFor(
    async () => {
      await redrive(target, () => undefined);
      expect(production.numbers).toEqual([1, 2, 3, 4, 5, 6]);
    },
    { timeout: 30_000, interval: 500 },
  );
}, 120_000);
