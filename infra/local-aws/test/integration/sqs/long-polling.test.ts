import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import { lasting, test } from "../../support/conformance.ts";

/**
 * Upper bound for an immediate answer: well below these tests' wait times and well above a round
 * trip on a busy machine.
 */
const AT_ONCE_MS = 15_000;

describe("long polling", () => {
  test("a waiting receive gets a message as soon as it is sent", async ({ sqs }) => {
    const queue = await sqs.queue();
    const polling = queue.receive({ WaitTimeSeconds: 20 });
    const sentMs = performance.now();
    await queue.send("1");
    expect(await polling).toMatchObject([{ Body: "1" }]);
    expect(performance.now() - sentMs).toBeLessThan(AT_ONCE_MS);
  });

  test("a waiting receive gets a message whose timeout expires", lasting(10), async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { VisibilityTimeout: "1" } });
    await queue.send("1");
    await queue.receive({ WaitTimeSeconds: 5 });
    expect(await queue.bodies({ WaitTimeSeconds: 5 })).toEqual(["1"]);
  });

  test("a waiting receive gets the rest of a group when the group is unlocked", async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("1");
    await queue.send("2");
    const [first] = await queue.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5 });
    const polling = queue.receive({ WaitTimeSeconds: 20 });
    await sqs.client.send(
      new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: first?.ReceiptHandle }),
    );
    const [second] = await polling;
    expect(second?.Body).toBe("2");
    const again = queue.receive({ WaitTimeSeconds: 20 });
    await sqs.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: second?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(await again).toMatchObject([{ Body: "2" }]);
  });

  test(
    "a waiting receive returns no message after its waiting time",
    lasting(5),
    async ({ sqs }) => {
      const queue = await sqs.queue();
      const startMs = performance.now();
      expect(await queue.receive({ WaitTimeSeconds: 1 })).toEqual([]);
      expect(performance.now() - startMs).toBeGreaterThan(950);
    },
  );

  test("a receive without a waiting time uses the queue's", lasting(5), async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { ReceiveMessageWaitTimeSeconds: "20" } });
    const polling = queue.receive({ WaitTimeSeconds: undefined });
    await queue.send("1");
    expect(await polling).toMatchObject([{ Body: "1" }]);
  });

  test("each of several waiting receives gets its own message", async ({ sqs }) => {
    const queue = await sqs.queue();
    const polls = Array.from({ length: 8 }, () => queue.receive({ WaitTimeSeconds: 20 }));
    const sent = polls.map((_, index) => `message-${index}`);
    for (const body of sent) await queue.send(body, { MessageGroupId: body });
    const received = (await Promise.all(polls)).flat().map(({ Body }) => Body ?? "");
    expect(received.toSorted()).toEqual(sent);
  });

  test("a waiting receive ends when its queue is deleted", async ({ sqs }) => {
    const queue = await sqs.queue();
    const polling = expect(queue.receive({ WaitTimeSeconds: 20 })).rejects.toMatchObject({
      name: "QueueDoesNotExist",
    });
    await queue.attributes();
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    await polling;
  });

  test("waiting times beyond 20 seconds and more than ten messages are refused", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    for (const wrong of [
      { WaitTimeSeconds: 21 },
      { MaxNumberOfMessages: 11 },
      { MaxNumberOfMessages: 0 },
      { VisibilityTimeout: 43_201 },
    ]) {
      await expect(queue.receive(wrong)).rejects.toMatchObject({ name: "InvalidParameterValue" });
    }
  });
});
