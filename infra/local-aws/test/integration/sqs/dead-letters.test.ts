import {
  CancelMessageMoveTaskCommand,
  DeleteMessageCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect, vi } from "vitest";
import { lasting, test, type SqsUnderTest, type TestQueue } from "../../support/conformance.ts";

async function queueWithDeadLetters(
  sqs: SqsUnderTest,
  maxReceiveCount: number,
  standard = false,
): Promise<{ queue: TestQueue; dead: TestQueue }> {
  const dead = await sqs.queue({ standard });
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount });
  // The visibility timeout is zero, so that a test can receive a message repeatedly without
  // waiting.
  const queue = await sqs.queue({
    standard,
    attributes: { RedrivePolicy, VisibilityTimeout: "0" },
  });
  return { queue, dead };
}

for (const standard of [false, true]) {
  describe(`the dead-letter queue of a ${standard ? "standard" : "FIFO"} queue`, () => {
    test("gets messages that exceed the maximum receive count", lasting(10), async ({ sqs }) => {
      const { queue, dead } = await queueWithDeadLetters(sqs, 2, standard);
      const sent = await queue.send("poison");
      for (const count of ["1", "2"]) {
        const [message] = await queue.receive({ WaitTimeSeconds: 5 });
        expect(message?.Attributes?.ApproximateReceiveCount).toBe(count);
      }
      expect(await queue.receive({ WaitTimeSeconds: 1 })).toEqual([]);
      const [message] = await dead.receive({ WaitTimeSeconds: 5 });
      expect(message).toMatchObject({
        MessageId: sent.MessageId,
        Body: "poison",
        Attributes: { DeadLetterQueueSourceArn: queue.arn },
      });
    });

    test("returns its messages to their source queue", lasting(10), async ({ sqs }) => {
      const { queue, dead } = await queueWithDeadLetters(sqs, 1, standard);
      const sent = await queue.send("poison");
      await queue.receive({ WaitTimeSeconds: 5 });
      await queue.receive({ WaitTimeSeconds: 1 });
      await sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
      await vi.waitFor(
        async () => {
          const { Results } = await sqs.client.send(
            new ListMessageMoveTasksCommand({ SourceArn: dead.arn }),
          );
          expect(Results).toMatchObject([
            { Status: "COMPLETED", ApproximateNumberOfMessagesMoved: 1 },
          ]);
        },
        { timeout: 60_000, interval: 100 },
      );
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      expect(message).toMatchObject({
        Body: "poison",
        Attributes: { ApproximateReceiveCount: "1" },
      });
      // A redriven message gets a new message id.
      expect(message?.MessageId).not.toBe(sent.MessageId);
    });
  });
}

describe("the dead-letter queue of a FIFO queue", () => {
  test("keeps groups and their order", lasting(10), async ({ sqs }) => {
    const { queue, dead } = await queueWithDeadLetters(sqs, 1);
    for (const body of ["1", "2", "3"]) await queue.send(body, { MessageGroupId: "poisoned" });
    await queue.receive({ WaitTimeSeconds: 5 });
    await queue.receive({ WaitTimeSeconds: 1 });
    const received = await dead.receive({ WaitTimeSeconds: 5 });
    expect(received.map(({ Body }) => Body)).toEqual(["1", "2", "3"]);
    expect(received[0]?.Attributes).toMatchObject({
      MessageGroupId: "poisoned",
      MessageDeduplicationId: received[0]?.MessageId,
    });
  });

  test("gets the successors received in the same batch without a receive of their own", async ({
    sqs,
  }) => {
    const { queue, dead } = await queueWithDeadLetters(sqs, 1);
    await queue.send("poison");
    await queue.send("innocent");
    expect(await queue.bodies()).toEqual(["poison", "innocent"]);
    expect(await queue.receive({ WaitTimeSeconds: 1 })).toEqual([]);
    expect(await dead.bodies()).toEqual(["poison", "innocent"]);
  });

  test("leaves the rest of the group receivable", async ({ sqs }) => {
    const { queue } = await queueWithDeadLetters(sqs, 1);
    await queue.send("poison");
    expect(await queue.bodies()).toEqual(["poison"]);
    await queue.send("next");
    expect(await queue.bodies()).toEqual(["next"]);
  });
});

describe("redrive", () => {
  test(
    "a task moves messages at the requested rate, runs alone and can be cancelled",
    lasting(20),
    async ({ sqs }) => {
      const { queue, dead } = await queueWithDeadLetters(sqs, 1);
      for (let n = 0; n < 5; n++) await queue.send(`${n}`, { MessageGroupId: `${n}` });
      for (let n = 0; n < 3; n++) await queue.receive({ WaitTimeSeconds: 1 });
      await dead.expectAttributes({ ApproximateNumberOfMessages: "5" });
      const { TaskHandle } = await sqs.client.send(
        new StartMessageMoveTaskCommand({ SourceArn: dead.arn, MaxNumberOfMessagesPerSecond: 1 }),
      );
      await expect(
        sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn })),
      ).rejects.toMatchObject({ name: "InvalidParameterValue" });
      await sqs.client.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
      const { Results } = await sqs.client.send(
        new ListMessageMoveTasksCommand({ SourceArn: dead.arn, MaxResults: 10 }),
      );
      expect(Results?.[0]).toMatchObject({
        MaxNumberOfMessagesPerSecond: 1,
        SourceArn: dead.arn,
      });
      expect(["CANCELLING", "CANCELLED"]).toContain(Results?.[0]?.Status);
    },
  );

  test("another queue of the same type may be the destination", lasting(10), async ({ sqs }) => {
    const { queue, dead } = await queueWithDeadLetters(sqs, 1);
    const elsewhere = await sqs.queue();
    await queue.send("poison");
    await queue.receive({ WaitTimeSeconds: 5 });
    await queue.receive({ WaitTimeSeconds: 1 });
    await sqs.client.send(
      new StartMessageMoveTaskCommand({ SourceArn: dead.arn, DestinationArn: elsewhere.arn }),
    );
    expect(await elsewhere.bodies({ WaitTimeSeconds: 20 })).toEqual(["poison"]);
  });

  test("only a dead-letter queue can be the source", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(
      sqs.client.send(new StartMessageMoveTaskCommand({ SourceArn: queue.arn })),
    ).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await expect(
      sqs.client.send(
        new StartMessageMoveTaskCommand({ SourceArn: queue.arn.replace(queue.name, "missing") }),
      ),
    ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  test("a dead-letter queue knows its sources", async ({ sqs }) => {
    const { queue, dead } = await queueWithDeadLetters(sqs, 1);
    const { queueUrls } = await sqs.client.send(
      new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.url }),
    );
    expect(queueUrls).toEqual([queue.url]);
  });

  test("a policy must name an existing queue of the same type", async ({ sqs }) => {
    const queue = await sqs.queue();
    const standard = await sqs.queue({ standard: true });
    const policies = [
      "no JSON",
      { deadLetterTargetArn: "dummy", maxReceiveCount: 1 },
      { deadLetterTargetArn: queue.arn.replace(queue.name, "missing.fifo"), maxReceiveCount: 1 },
      { deadLetterTargetArn: standard.arn, maxReceiveCount: 1 },
    ];
    for (const policy of policies) {
      const RedrivePolicy = typeof policy === "string" ? policy : JSON.stringify(policy);
      await expect(
        sqs.client.send(
          new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { RedrivePolicy } }),
        ),
      ).rejects.toMatchObject({ name: "InvalidParameterValue" });
    }
  });

  test("a policy can be removed", async ({ sqs }) => {
    const { queue } = await queueWithDeadLetters(sqs, 1);
    await sqs.client.send(
      new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { RedrivePolicy: "" } }),
    );
    await queue.send("1");
    for (const count of ["1", "2"]) {
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      expect(message?.Attributes?.ApproximateReceiveCount).toBe(count);
    }
  });

  test("a message deleted in time is not moved", async ({ sqs }) => {
    const { queue, dead } = await queueWithDeadLetters(sqs, 1);
    await queue.send("good");
    const [message] = await queue.receive({ VisibilityTimeout: 60, WaitTimeSeconds: 5 });
    await sqs.client.send(
      new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle }),
    );
    expect(await queue.receive()).toEqual([]);
    expect(await dead.receive()).toEqual([]);
  });
});
