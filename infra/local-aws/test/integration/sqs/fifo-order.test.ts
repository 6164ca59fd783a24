import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import { lasting, receipts, test } from "../../support/conformance.ts";

describe("order in a FIFO queue", () => {
  test("one receive takes consecutive messages of a group, in the order sent", async ({ sqs }) => {
    const queue = await sqs.queue();
    for (const body of ["1", "2", "3", "4"]) await queue.send(body);
    expect(await queue.bodies({ MaxNumberOfMessages: 3 })).toEqual(["1", "2", "3"]);
  });

  test("a group is locked while one of its messages is in flight", async ({ sqs }) => {
    const queue = await sqs.queue();
    for (const body of ["1", "2", "3"]) await queue.send(body);
    const [first] = await queue.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5 });
    expect(await queue.receive()).toEqual([]);
    await sqs.client.send(
      new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: first?.ReceiptHandle }),
    );
    expect(await queue.bodies()).toEqual(["2", "3"]);
  });

  test("a group stays locked until the last of the messages received together is settled", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    for (const body of ["1", "2", "3", "4"]) await queue.send(body);
    const received = await queue.receive({ MaxNumberOfMessages: 3, WaitTimeSeconds: 5 });
    const [one, , three] = received;
    for (const message of [one, three]) {
      await sqs.client.send(
        new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle }),
      );
    }
    expect(await queue.receive()).toEqual([]);
    await sqs.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: received[1]?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(await queue.bodies()).toEqual(["2", "4"]);
  });

  test("a message that becomes visible again is delivered before its successors", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    for (const body of ["1", "2"]) await queue.send(body);
    const [first] = await queue.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5 });
    await sqs.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: first?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(await queue.bodies()).toEqual(["1", "2"]);
  });

  test("other groups are delivered while one is locked", async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("a1", { MessageGroupId: "a" });
    await queue.send("a2", { MessageGroupId: "a" });
    await queue.send("b1", { MessageGroupId: "b" });
    expect(await queue.bodies({ MaxNumberOfMessages: 1 })).toEqual(["a1"]);
    expect(await queue.bodies()).toEqual(["b1"]);
    expect(await queue.receive()).toEqual([]);
  });

  test("a receive that one group cannot fill takes messages of another group", async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("a1", { MessageGroupId: "a" });
    await queue.send("b1", { MessageGroupId: "b" });
    await queue.send("a2", { MessageGroupId: "a" });
    const bodies = await queue.bodies();
    expect(bodies.toSorted()).toEqual(["a1", "a2", "b1"]);
    expect(bodies.filter((body) => body.startsWith("a"))).toEqual(["a1", "a2"]);
  });

  test("a group is delivered in order through many receives", async ({ sqs }) => {
    const queue = await sqs.queue();
    const sent = Array.from({ length: 35 }, (_, index) => String(index));
    for (const body of sent) await queue.send(body);
    const seen: string[] = [];
    while (seen.length < sent.length) {
      const messages = await queue.receive({ WaitTimeSeconds: 5 });
      seen.push(...messages.map(({ Body }) => Body ?? ""));
      await sqs.client.send(
        new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries: receipts(messages) }),
      );
    }
    expect(seen).toEqual(sent);
  });

  test("sequence numbers equal those that the sends returned, and increase", async ({ sqs }) => {
    const queue = await sqs.queue();
    const one = await queue.send("1");
    const two = await queue.send("2");
    const received = await queue.receive({ WaitTimeSeconds: 5 });
    expect(received.map(({ Attributes }) => Attributes?.SequenceNumber)).toEqual([
      one.SequenceNumber,
      two.SequenceNumber,
    ]);
    expect(BigInt(two.SequenceNumber ?? 0) > BigInt(one.SequenceNumber ?? 0)).toBe(true);
    expect(one.SequenceNumber).toMatch(/^\d{20}$/);
  });

  test("a queue's delay holds back a group and keeps its order", lasting(10), async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { DelaySeconds: "3" } });
    await queue.send("1");
    await queue.send("2");
    expect(await queue.receive()).toEqual([]);
    await sqs.pass(4000);
    expect(await queue.bodies()).toEqual(["1", "2"]);
  });

  test("a FIFO queue refuses a delay for a single message", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(queue.send("1", { DelaySeconds: 2 })).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });
});
