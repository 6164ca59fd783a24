import {
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
} from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import { receipts, test, type SqsUnderTest, type TestQueue } from "../../support/conformance.ts";

const MIB = 1_048_576;

const send = (sqs: SqsUnderTest, queue: TestQueue, Entries: SendMessageBatchRequestEntry[]) =>
  sqs.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));

const entry = (
  Id: string,
  more: Partial<SendMessageBatchRequestEntry> = {},
): SendMessageBatchRequestEntry => ({
  Id,
  MessageBody: Id,
  MessageGroupId: "g",
  MessageDeduplicationId: Id,
  ...more,
});

describe("batches", () => {
  test("ten messages are sent in order and deleted together", async ({ sqs }) => {
    const queue = await sqs.queue();
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`);
    const { Successful, Failed = [] } = await send(
      sqs,
      queue,
      ids.map((id) => entry(id)),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(ids);
    expect(Failed).toEqual([]);
    const received = await queue.receive({ WaitTimeSeconds: 5 });
    expect(received.map(({ Body }) => Body)).toEqual(ids);
    const deleted = await sqs.client.send(
      new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries: receipts(received) }),
    );
    expect(deleted.Successful).toHaveLength(10);
    expect(deleted.Failed ?? []).toEqual([]);
  });

  test("a batch fails for one entry and succeeds for the others", async ({ sqs }) => {
    const queue = await sqs.queue();
    const { Successful, Failed } = await send(sqs, queue, [
      entry("good"),
      entry("bad", { MessageBody: "\u0001" }),
      entry("better"),
    ]);
    expect(Successful?.map(({ Id }) => Id)).toEqual(["good", "better"]);
    expect(Failed).toMatchObject([
      { Id: "bad", Code: "InvalidMessageContents", SenderFault: true },
    ]);
    expect(await queue.bodies()).toEqual(["good", "better"]);
  });

  test("a deletion fails for one entry and succeeds for the others", async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("1");
    const received = await queue.receive({ WaitTimeSeconds: 5 });
    const { Successful, Failed } = await sqs.client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: [...receipts(received), { Id: "bad", ReceiptHandle: "not a handle" }],
      }),
    );
    expect(Successful).toEqual([{ Id: "entry-0" }]);
    expect(Failed).toMatchObject([{ Id: "bad", Code: "ReceiptHandleIsInvalid" }]);
  });

  test("a batch deduplicates among its own entries", async ({ sqs }) => {
    const queue = await sqs.queue();
    const { Successful } = await send(sqs, queue, [
      entry("a", { MessageDeduplicationId: "same" }),
      entry("b", { MessageDeduplicationId: "same" }),
    ]);
    expect(Successful?.[0]?.MessageId).toBe(Successful?.[1]?.MessageId);
    expect(await queue.bodies()).toEqual(["a"]);
  });

  test("an invalid batch is refused as a whole", async ({ sqs }) => {
    const queue = await sqs.queue();
    const eleven = Array.from({ length: 11 }, (_, index) => entry(`m${index}`));
    await expect(send(sqs, queue, eleven)).rejects.toMatchObject({
      name: "TooManyEntriesInBatchRequest",
    });
    await expect(send(sqs, queue, [])).rejects.toMatchObject({ name: "EmptyBatchRequest" });
    await expect(send(sqs, queue, [entry("x"), entry("x")])).rejects.toMatchObject({
      name: "BatchEntryIdsNotDistinct",
    });
    for (const id of ["", "with space", "x".repeat(81)]) {
      await expect(
        send(sqs, queue, [entry(id, { MessageBody: "x", MessageDeduplicationId: "x" })]),
      ).rejects.toMatchObject({ name: "InvalidBatchEntryId" });
    }
    expect(await queue.receive()).toEqual([]);
  });

  test("an entry without a group or a deduplication id refuses the whole batch", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    for (const missing of ["MessageGroupId", "MessageDeduplicationId"]) {
      await expect(
        send(sqs, queue, [entry("good"), entry("bad", { [missing]: undefined })]),
      ).rejects.toMatchObject({ name: "InvalidParameterValue" });
    }
    expect(await queue.receive()).toEqual([]);
  });

  test("a batch of more than 1 MiB in total is refused", async ({ sqs }) => {
    const queue = await sqs.queue();
    const half = "x".repeat(MIB / 2);
    const two = (body: string) => [
      entry("a", { MessageBody: half }),
      entry("b", { MessageBody: body }),
    ];
    await expect(send(sqs, queue, two(`${half}x`))).rejects.toMatchObject({
      name: "BatchRequestTooLong",
    });
    const { Successful } = await send(sqs, queue, two(half));
    expect(Successful).toHaveLength(2);
  });
});
