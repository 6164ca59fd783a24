import { createHash } from "node:crypto";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import { lasting, test } from "../../support/conformance.ts";

const MIB = 1_048_576;

describe("a message's body", () => {
  test("arrives as it was sent, with every character that SQS allows", async ({ sqs }) => {
    const queue = await sqs.queue();
    const bodies = [
      "\t\n\r !~\u007F\u0080\u0085\u00A0\u2028\u2029\uD7FF\uE000\uFEFF\uFFFD",
      "äöü ß € 漢字 😀 👩‍👩‍👧 \u{10000}\u{10FFFF}",
      '{"quote":"\\"","slash":"\\\\","null":"\\u0000"}',
      " leading and trailing ",
    ];
    for (const body of bodies) await queue.send(body);
    const received = await queue.receive({ WaitTimeSeconds: 5 });
    expect(received.map(({ Body }) => Body)).toEqual(bodies);
    expect(received.map(({ MD5OfBody }) => MD5OfBody)).toEqual(
      bodies.map((body) => createHash("md5").update(body).digest("hex")),
    );
  });

  test("is refused with control characters, U+FFFE or U+FFFF", async ({ sqs }) => {
    const queue = await sqs.queue();
    for (const character of ["\u0000", "\u0008", "\u000B", "\u001F", "\uFFFE", "\uFFFF"]) {
      await expect(queue.send(`a${character}b`)).rejects.toMatchObject({
        name: "InvalidMessageContents",
      });
    }
  });

  test("is refused over 1 MiB in UTF-8, attributes included", async ({ sqs }) => {
    const queue = await sqs.queue();
    const largest = "é".repeat(MIB / 2);
    await queue.send(largest);
    await expect(queue.send(`${largest}x`)).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    // name + data type + value = 1 + 6 + 3 bytes
    const attributes = { MessageAttributes: { a: { DataType: "String", StringValue: "xyz" } } };
    await expect(queue.send("x".repeat(MIB - 9), attributes)).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    await queue.send("x".repeat(MIB - 10), attributes);
    const received = await queue.receive({ WaitTimeSeconds: 5, MaxNumberOfMessages: 1 });
    expect(received[0]?.Body).toBe(largest);
  });

  test("is refused over the queue's lower limit", async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { MaximumMessageSize: "1024" } });
    await queue.send("x".repeat(1024));
    await expect(queue.send("x".repeat(1025))).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });

  test("is refused when it is empty", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(queue.send("")).rejects.toMatchObject({ name: "MissingParameter" });
  });
});

describe("a message's attributes", () => {
  const MessageAttributes = {
    "b.text": { DataType: "String", StringValue: "grün" },
    "a.number": { DataType: "Number.int", StringValue: "12" },
    "b.bytes": { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 254, 255]) },
  };

  test("arrive as sent, with the same checksum", async ({ sqs }) => {
    const queue = await sqs.queue();
    const sent = await queue.send("1", { MessageAttributes });
    const [message] = await queue.receive({ MessageAttributeNames: ["All"], WaitTimeSeconds: 5 });
    expect(message?.MessageAttributes).toEqual(MessageAttributes);
    expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
    // The algorithm of SQS's developer guide: each length in four bytes, followed by the bytes.
    const hash = createHash("md5")
      .update("\0\0\0\x08a.number\0\0\0\x0ANumber.int\x01\0\0\0\x0212")
      .update("\0\0\0\x07b.bytes\0\0\0\x06Binary\x02\0\0\0\x04")
      .update(new Uint8Array([0, 1, 254, 255]))
      .update("\0\0\0\x06b.text\0\0\0\x06String\x01\0\0\0\x05grün");
    expect(sent.MD5OfMessageAttributes).toBe(hash.digest("hex"));
  });

  test("are returned when their name or prefix is requested", lasting(5), async ({ sqs }) => {
    const queue = await sqs.queue({ standard: true, attributes: { VisibilityTimeout: "0" } });
    await queue.send("1", { MessageAttributes });
    const names = async (wanted: string[]): Promise<string[]> => {
      const [message] = await queue.receive({ MessageAttributeNames: wanted, WaitTimeSeconds: 5 });
      return Object.keys(message?.MessageAttributes ?? {}).toSorted();
    };
    expect(await names([])).toEqual([]);
    expect(await names(["a.number", "missing"])).toEqual(["a.number"]);
    expect(await names(["b.*"])).toEqual(["b.bytes", "b.text"]);
    expect(await names([".*"])).toEqual(["a.number", "b.bytes", "b.text"]);
  });

  test("are refused with a type, name or value that SQS does not allow", async ({ sqs }) => {
    const queue = await sqs.queue();
    const wrong = [
      { x: { DataType: "Date", StringValue: "today" } },
      { x: { DataType: "String", StringValue: "" } },
      { x: { DataType: "Number", StringValue: "twelve" } },
      { "AWS.x": { DataType: "String", StringValue: "x" } },
      { ".x": { DataType: "String", StringValue: "x" } },
    ];
    for (const refused of wrong) {
      await expect(queue.send("1", { MessageAttributes: refused })).rejects.toMatchObject({
        name: "InvalidParameterValue",
      });
    }
    const eleven = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [
        `x${index}`,
        { DataType: "String", StringValue: "x" },
      ]),
    );
    await expect(queue.send("1", { MessageAttributes: eleven })).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
  });
});

describe("a message's system attributes", () => {
  test("are all returned on request", async ({ sqs }) => {
    const queue = await sqs.queue();
    const beforeMs = Date.now() - 5000;
    const sent = await queue.send("1", {
      MessageGroupId: "group",
      MessageDeduplicationId: "id",
      MessageSystemAttributes: {
        AWSTraceHeader: {
          DataType: "String",
          StringValue: "Root=1-5759e988-bd862e3fe1be46a994272793",
        },
      },
    });
    const [message] = await queue.receive({ WaitTimeSeconds: 5 });
    expect(message?.Attributes).toEqual({
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13,}$/),
      ApproximateReceiveCount: "1",
      AWSTraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793",
      MessageDeduplicationId: "id",
      MessageGroupId: "group",
      SenderId: expect.stringMatching(/./),
      SentTimestamp: expect.stringMatching(/^\d{13,}$/),
      SequenceNumber: sent.SequenceNumber,
    });
    expect(Number(message?.Attributes?.SentTimestamp)).toBeGreaterThan(beforeMs);
  });

  test("are returned only as requested", lasting(5), async ({ sqs }) => {
    const queue = await sqs.queue({ standard: true, attributes: { VisibilityTimeout: "0" } });
    await queue.send("1");
    const none = await queue.receive({ MessageSystemAttributeNames: [], WaitTimeSeconds: 5 });
    expect(none[0]?.Attributes).toBeUndefined();
    const one = await queue.receive({
      MessageSystemAttributeNames: ["SentTimestamp"],
      WaitTimeSeconds: 5,
    });
    expect(Object.keys(one[0]?.Attributes ?? {})).toEqual(["SentTimestamp"]);
  });
});

describe("a standard queue", () => {
  test("delays a single message on request", lasting(10), async ({ sqs }) => {
    const queue = await sqs.queue({ standard: true });
    await queue.send("later", { DelaySeconds: 3 });
    await queue.send("now");
    expect(await queue.bodies()).toEqual(["now"]);
    await queue.expectAttributes({ ApproximateNumberOfMessagesDelayed: "1" });
    await sqs.pass(4000);
    expect(await queue.bodies()).toEqual(["later"]);
  });

  test("delivers other messages while one is in flight", async ({ sqs }) => {
    const queue = await sqs.queue({ standard: true });
    for (const body of ["1", "2"]) await queue.send(body, { MessageGroupId: "fair" });
    const seen = new Set<string>();
    while (seen.size < 2) {
      const [message] = await queue.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5 });
      expect(message?.Attributes?.MessageGroupId).toBe("fair");
      seen.add(message?.Body ?? "");
    }
    expect([...seen].toSorted()).toEqual(["1", "2"]);
  });
});

describe("a queue's URL", () => {
  test("is refused when the queue does not exist", async ({ sqs }) => {
    const queue = await sqs.queue();
    await expect(
      sqs.client.send(
        new SendMessageCommand({
          QueueUrl: queue.url.replace(queue.name, "missing.fifo"),
          MessageBody: "1",
        }),
      ),
    ).rejects.toMatchObject({ name: "QueueDoesNotExist" });
  });
});
