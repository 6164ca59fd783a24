import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
} from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import {
  lasting,
  receipts,
  test,
  type SqsUnderTest,
  type TestQueue,
} from "../../support/conformance.ts";

const acknowledge = (sqs: SqsUnderTest, queue: TestQueue, message: Message | undefined) =>
  sqs.client.send(
    new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: message?.ReceiptHandle }),
  );

const changeVisibility = (
  sqs: SqsUnderTest,
  queue: TestQueue,
  message: Message | undefined,
  VisibilityTimeout: number,
) =>
  sqs.client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queue.url,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout,
    }),
  );

for (const standard of [false, true]) {
  describe(`visibility in a ${standard ? "standard" : "FIFO"} queue`, () => {
    test(
      "a message that is not deleted becomes visible again after its timeout",
      lasting(10),
      async ({ sqs }) => {
        const queue = await sqs.queue({ standard, attributes: { VisibilityTimeout: "2" } });
        await queue.send("1");
        const [first] = await queue.receive({ WaitTimeSeconds: 5 });
        expect(await queue.receive()).toEqual([]);
        await sqs.pass(3000);
        const [again] = await queue.receive({ WaitTimeSeconds: 5 });
        expect(again).toMatchObject({
          MessageId: first?.MessageId,
          Attributes: {
            ApproximateReceiveCount: "2",
            SentTimestamp: first?.Attributes?.SentTimestamp,
            ApproximateFirstReceiveTimestamp: first?.Attributes?.ApproximateFirstReceiveTimestamp,
          },
        });
        expect(again?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
      },
    );

    test("a receive's own timeout overrides the queue's", lasting(10), async ({ sqs }) => {
      const queue = await sqs.queue({ standard, attributes: { VisibilityTimeout: "600" } });
      await queue.send("1");
      await queue.receive({ VisibilityTimeout: 1, WaitTimeSeconds: 5 });
      await sqs.pass(2000);
      expect(await queue.bodies()).toEqual(["1"]);
    });

    test("a running timeout can be extended", lasting(10), async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      const [message] = await queue.receive({ VisibilityTimeout: 2, WaitTimeSeconds: 5 });
      await changeVisibility(sqs, queue, message, 600);
      await sqs.pass(4000);
      expect(await queue.receive()).toEqual([]);
      await acknowledge(sqs, queue, message);
      await queue.expectAttributes({ ApproximateNumberOfMessagesNotVisible: "0" });
    });

    test("a timeout of 0 makes a message visible at once", async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      await changeVisibility(sqs, queue, message, 0);
      expect(await queue.bodies()).toEqual(["1"]);
    });

    test("a batch changes each message's timeout individually", async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      const received = await queue.receive({ WaitTimeSeconds: 5 });
      const Entries = [
        ...receipts(received).map((entry) => ({ ...entry, VisibilityTimeout: 0 })),
        { Id: "bad", ReceiptHandle: "not a handle", VisibilityTimeout: 0 },
      ];
      const { Successful, Failed } = await sqs.client.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }),
      );
      expect(Successful).toEqual([{ Id: "entry-0" }]);
      expect(Failed).toMatchObject([
        { Id: "bad", Code: "ReceiptHandleIsInvalid", SenderFault: true },
      ]);
    });

    test("deleting a message a second time succeeds", async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      await acknowledge(sqs, queue, message);
      await acknowledge(sqs, queue, message);
    });

    test("a deleted message's visibility cannot be changed", async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      await acknowledge(sqs, queue, message);
      await expect(changeVisibility(sqs, queue, message, 10)).rejects.toMatchObject({
        name: "InvalidParameterValue",
      });
    });

    test("an invalid receipt handle is refused", async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await expect(
        acknowledge(sqs, queue, { ReceiptHandle: "not a handle" }),
      ).rejects.toMatchObject({ name: "ReceiptHandleIsInvalid" });
    });

    test(
      "a message is hidden for at most twelve hours after its receive",
      lasting(10),
      async ({ sqs }) => {
        const queue = await sqs.queue({ standard });
        await queue.send("1");
        const [message] = await queue.receive({ VisibilityTimeout: 600, WaitTimeSeconds: 5 });
        await sqs.pass(2000);
        await expect(changeVisibility(sqs, queue, message, 43_200)).rejects.toMatchObject({
          name: "InvalidParameterValue",
          message: expect.stringContaining(
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
          ),
        });
        await changeVisibility(sqs, queue, message, 43_100);
        const Entries = receipts(message === undefined ? [] : [message]).map((entry) => ({
          ...entry,
          VisibilityTimeout: 43_200,
        }));
        const { Failed } = await sqs.client.send(
          new ChangeMessageVisibilityBatchCommand({ QueueUrl: queue.url, Entries }),
        );
        expect(Failed).toMatchObject([
          { Id: "entry-0", Code: "InvalidParameterValue", SenderFault: true },
        ]);
      },
    );

    test("another receive starts another twelve hours", lasting(10), async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      await queue.receive({ VisibilityTimeout: 2, WaitTimeSeconds: 5 });
      await sqs.pass(3000);
      const [again] = await queue.receive({ VisibilityTimeout: 600, WaitTimeSeconds: 5 });
      await changeVisibility(sqs, queue, again, 43_198);
      await sqs.pass(1000);
      expect(await queue.receive()).toEqual([]);
    });

    test("timeouts beyond twelve hours are refused", async ({ sqs }) => {
      const queue = await sqs.queue({ standard });
      await queue.send("1");
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      await expect(changeVisibility(sqs, queue, message, 43_201)).rejects.toMatchObject({
        name: "InvalidParameterValue",
      });
    });
  });
}

describe("outdated receipt handles", () => {
  test("a FIFO queue refuses a handle whose timeout has expired", lasting(10), async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { VisibilityTimeout: "1" } });
    await queue.send("1");
    const [message] = await queue.receive({ WaitTimeSeconds: 5 });
    await sqs.pass(2000);
    await expect(acknowledge(sqs, queue, message)).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    expect(await queue.bodies()).toEqual(["1"]);
  });

  test("a FIFO queue refuses the handle of an earlier receive", lasting(10), async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { VisibilityTimeout: "1" } });
    await queue.send("1");
    const [first] = await queue.receive({ WaitTimeSeconds: 5 });
    await sqs.pass(2000);
    const [second] = await queue.receive({ WaitTimeSeconds: 5, VisibilityTimeout: 600 });
    await expect(acknowledge(sqs, queue, first)).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    await acknowledge(sqs, queue, second);
  });

  test(
    "a standard queue accepts the latest handle even after its timeout",
    lasting(10),
    async ({ sqs }) => {
      const queue = await sqs.queue({ standard: true, attributes: { VisibilityTimeout: "1" } });
      await queue.send("1");
      const [message] = await queue.receive({ WaitTimeSeconds: 5 });
      await sqs.pass(2000);
      await changeVisibility(sqs, queue, message, 600);
      expect(await queue.receive()).toEqual([]);
      await acknowledge(sqs, queue, message);
      await queue.expectAttributes({ ApproximateNumberOfMessagesNotVisible: "0" });
    },
  );
});

describe("retention", () => {
  test("a message is deleted after the retention period", lasting(130), async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { MessageRetentionPeriod: "60" } });
    await queue.send("old");
    await sqs.pass(65_000);
    await queue.send("new");
    expect(await queue.bodies()).toEqual(["new"]);
  });
});

describe("ReceiveRequestAttemptId", () => {
  test("a repeated attempt gets the same messages while their visibility is unchanged", async ({
    sqs,
  }) => {
    const queue = await sqs.queue();
    await queue.send("1");
    await queue.send("2");
    const first = await queue.receive({
      ReceiveRequestAttemptId: "x",
      MaxNumberOfMessages: 1,
      WaitTimeSeconds: 5,
    });
    const again = await queue.receive({ ReceiveRequestAttemptId: "x", MaxNumberOfMessages: 1 });
    expect(again.map(({ MessageId }) => MessageId)).toEqual(
      first.map(({ MessageId }) => MessageId),
    );
    await acknowledge(sqs, queue, again[0]);
    expect(await queue.bodies({ ReceiveRequestAttemptId: "x" })).toEqual(["2"]);
  });
});
