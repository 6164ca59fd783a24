import { expect, test } from "vitest";
import { sqsEvent } from "../../../../../infra/local/lambda/sqs-event.ts";

test("a received message becomes a record as Lambda writes it", () => {
  const source = { queueArn: "arn:aws:sqs:us-east-1:000000000000:raw.fifo", region: "us-east-1" };
  const message = {
    MessageId: "m-1",
    ReceiptHandle: "handle",
    Body: "text",
    MD5OfBody: "md5",
    Attributes: { ApproximateReceiveCount: "2", SentTimestamp: "17", MessageGroupId: "0" },
    MessageAttributes: {
      size: { DataType: "Number", StringValue: "5" },
      raw: { DataType: "Binary", BinaryValue: Buffer.from("hi") },
    },
  };
  expect(sqsEvent([message], source)).toEqual({
    Records: [
      {
        messageId: "m-1",
        receiptHandle: "handle",
        body: "text",
        md5OfBody: "md5",
        attributes: {
          ApproximateReceiveCount: "2",
          SentTimestamp: "17",
          MessageGroupId: "0",
          SenderId: "",
          ApproximateFirstReceiveTimestamp: "",
        },
        messageAttributes: {
          size: { dataType: "Number", stringValue: "5" },
          raw: { dataType: "Binary", binaryValue: "aGk=" },
        },
        eventSource: "aws:sqs",
        eventSourceARN: source.queueArn,
        awsRegion: "us-east-1",
      },
    ],
  });
});
