import {
  CreateQueueCommand,
  DeleteMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import { lasting, test } from "../../support/conformance.ts";

const INTERVAL_MS = 5 * 60_000;

describe("deduplication", () => {
  test("a repeated send returns the first message's id and is delivered once", async ({ sqs }) => {
    const queue = await sqs.queue();
    const first = await queue.send("1", { MessageDeduplicationId: "same" });
    const second = await queue.send("1", { MessageDeduplicationId: "same" });
    expect(second).toMatchObject({
      MessageId: first.MessageId,
      SequenceNumber: first.SequenceNumber,
    });
    expect(await queue.bodies()).toEqual(["1"]);
  });

  test("the deduplication id decides, whatever the body", async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("one", { MessageDeduplicationId: "same" });
    await queue.send("other", { MessageDeduplicationId: "same" });
    expect(await queue.bodies()).toEqual(["one"]);
  });

  test("a repeat is dropped even after the message was deleted", async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("1", { MessageDeduplicationId: "same" });
    const [message] = await queue.receive({ WaitTimeSeconds: 5 });
    await sqs.client.send(
      new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle }),
    );
    await queue.send("1", { MessageDeduplicationId: "same" });
    expect(await queue.receive({ WaitTimeSeconds: 1 })).toEqual([]);
  });

  test(
    "a repeat is delivered from five minutes after the first send",
    lasting(310),
    async ({ sqs }) => {
      const queue = await sqs.queue();
      await queue.send("1", { MessageDeduplicationId: "same" });
      await sqs.pass(INTERVAL_MS - 30_000);
      await queue.send("2", { MessageDeduplicationId: "same" });
      await sqs.pass(31_000);
      await queue.send("3", { MessageDeduplicationId: "same" });
      expect(await queue.bodies()).toEqual(["1", "3"]);
    },
  );

  test("with the queue as the scope, an id that another group used is a repeat", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    await queue.send("1", { MessageGroupId: "a", MessageDeduplicationId: "same" });
    await queue.send("2", { MessageGroupId: "b", MessageDeduplicationId: "same" });
    expect(await queue.bodies()).toEqual(["1"]);
  });

  test("with the group as the scope, another group may use the same id", async ({ sqs }) => {
    const queue = await sqs.queue({
      attributes: {
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
      },
    });
    for (const group of ["a", "b", "a"])
      await queue.send(group, { MessageGroupId: group, MessageDeduplicationId: "same" });
    expect((await queue.bodies()).toSorted()).toEqual(["a", "b"]);
  });

  test("high throughput needs the group as the scope", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(
      sqs.client.send(
        new SetQueueAttributesCommand({
          QueueUrl: queue.url,
          Attributes: { FifoThroughputLimit: "perMessageGroupId" },
        }),
      ),
    ).rejects.toMatchObject({ name: "InvalidAttributeValue" });
  });

  test("content-based deduplication drops an equal body unless its id differs", async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { ContentBasedDeduplication: "true" } });
    const byContent = { MessageDeduplicationId: undefined };
    await queue.send("same", byContent);
    await queue.send("same", byContent);
    await queue.send("other", byContent);
    await queue.send("same", { MessageDeduplicationId: "another" });
    expect(await queue.bodies()).toEqual(["same", "other", "same"]);
  });

  test("without content-based deduplication an id is required", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(queue.send("1", { MessageDeduplicationId: undefined })).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });

  test("a FIFO queue requires a group", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(queue.send("1", { MessageGroupId: undefined })).rejects.toMatchObject({
      name: "MissingParameter",
    });
  });

  test("an id has at most 128 characters: ASCII letters, digits and punctuation", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    const longest = `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~${"x".repeat(128 - 32)}`;
    await queue.send("1", { MessageGroupId: longest, MessageDeduplicationId: longest });
    for (const refused of ["x".repeat(129), "two words", "größe"]) {
      await expect(queue.send("2", { MessageGroupId: refused })).rejects.toMatchObject({
        name: "InvalidParameterValue",
      });
      await expect(queue.send("2", { MessageDeduplicationId: refused })).rejects.toMatchObject({
        name: "InvalidParameterValue",
      });
    }
    expect(await queue.bodies()).toEqual(["1"]);
  });

  test("a standard queue refuses a deduplication id", async ({ sqs }) => {
    const queue = await sqs.queue({ standard: true });
    await expect(queue.send("1", { MessageDeduplicationId: "x" })).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });

  test("only a name that ends in .fifo makes a FIFO queue", async ({ sqs }) => {
    const create = (QueueName: string, FifoQueue?: "true") =>
      sqs.client.send(
        new CreateQueueCommand({ QueueName, Attributes: FifoQueue ? { FifoQueue } : {} }),
      );
    await expect(create("no-suffix", "true")).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    await expect(create("no-attribute.fifo")).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });
});
