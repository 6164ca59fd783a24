import { beforeAll, describe, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

// Clients released before the end of 2023 (Debian 12's `aws` and boto3) use SQS's query protocol:
// form fields in, XML out.

let local: LocalAwsWithClients;
let QueueUrl: string;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  const created = await query({
    Action: "CreateQueue",
    QueueName: "orders.fifo",
    "Attribute.1.Name": "FifoQueue",
    "Attribute.1.Value": "true",
    "Attribute.2.Name": "VisibilityTimeout",
    "Attribute.2.Value": "45",
    "Tag.1.Key": "part",
    "Tag.1.Value": "test",
  });
  QueueUrl = elements(created.xml, "QueueUrl")[0] ?? "";
  return () => local[Symbol.asyncDispose]();
});

async function query(
  fields: Record<string, string>,
  url = local.aws.endpoints.sqs,
): Promise<{ status: number; xml: string }> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({ Version: "2012-11-05", ...fields }),
  });
  return { status: response.status, xml: await response.text() };
}

/**
 * The unescaped contents of all elements with this name that contain no element of the same name.
 */
function elements(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gsu"));
  return [...found].map(([, content = ""]) =>
    content
      .replaceAll("&#xD;", "\r")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  );
}

describe("the query protocol of SQS", () => {
  test("sets and returns attributes and tags", async () => {
    const { xml } = await query({
      Action: "GetQueueAttributes",
      QueueUrl,
      "AttributeName.1": "VisibilityTimeout",
      "AttributeName.2": "FifoQueue",
    });
    expect(elements(xml, "Attribute").toSorted()).toEqual([
      "<Name>FifoQueue</Name><Value>true</Value>",
      "<Name>VisibilityTimeout</Name><Value>45</Value>",
    ]);
    const tags = await query({ Action: "ListQueueTags", QueueUrl });
    expect(elements(tags.xml, "Tag")).toEqual(["<Key>part</Key><Value>test</Value>"]);
  });

  test("finds the queue by the request's URL, to which old AWS SDKs for Java send", async () => {
    const { status, xml } = await query({ Action: "ListQueueTags" }, QueueUrl);
    expect(elements(xml, "Tag")).toEqual(["<Key>part</Key><Value>test</Value>"]);
    expect(status).toBe(200);
    const elsewhere = await query({ Action: "ListQueueTags" });
    expect(elements(elsewhere.xml, "Code")).toEqual(["MissingParameter"]);
  });

  test("delivers a body unchanged when it contains characters that are special in XML", async () => {
    const body = '<a href="x">&amp;</a>\r\n\t]]> é 😀';
    const entry = "SendMessageBatchRequestEntry.1";
    const sent = await query({
      Action: "SendMessageBatch",
      QueueUrl,
      [`${entry}.Id`]: "one",
      [`${entry}.MessageBody`]: body,
      [`${entry}.MessageGroupId`]: "g",
      [`${entry}.MessageDeduplicationId`]: "1",
      [`${entry}.MessageAttribute.1.Name`]: "n",
      [`${entry}.MessageAttribute.1.Value.DataType`]: "Number",
      [`${entry}.MessageAttribute.1.Value.StringValue`]: "12",
    });
    expect(elements(sent.xml, "SendMessageBatchResultEntry")).toHaveLength(1);
    const received = await query({
      Action: "ReceiveMessage",
      QueueUrl,
      MaxNumberOfMessages: "10",
      "AttributeName.1": "MessageGroupId",
      "MessageAttributeName.1": "All",
    });
    expect(elements(received.xml, "Body")).toEqual([body]);
    expect(elements(received.xml, "Attribute")).toEqual([
      "<Name>MessageGroupId</Name><Value>g</Value>",
    ]);
    expect(elements(received.xml, "MessageAttribute")).toEqual([
      "<Name>n</Name><Value><DataType>Number</DataType><StringValue>12</StringValue></Value>",
    ]);
    const deleted = await query({
      Action: "DeleteMessageBatch",
      QueueUrl,
      "DeleteMessageBatchRequestEntry.1.Id": "one",
      "DeleteMessageBatchRequestEntry.1.ReceiptHandle":
        elements(received.xml, "ReceiptHandle")[0] ?? "",
      "DeleteMessageBatchRequestEntry.2.Id": "two",
      "DeleteMessageBatchRequestEntry.2.ReceiptHandle": "not a handle",
    });
    expect(elements(deleted.xml, "DeleteMessageBatchResultEntry")).toEqual(["<Id>one</Id>"]);
    expect(elements(deleted.xml, "BatchResultErrorEntry")[0]).toContain(
      "<SenderFault>true</SenderFault><Code>ReceiptHandleIsInvalid</Code>",
    );
  });

  test("returns errors and injected faults as XML", async () => {
    const missing = await query({ Action: "GetQueueUrl", QueueName: "missing" });
    expect(missing.status).toBe(400);
    expect(missing.xml).toContain(
      "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>",
    );
    local.aws.faults.add({ calls: 1, effect: { kind: "error", code: "InternalError" } });
    const failed = await query({ Action: "GetQueueUrl", QueueName: "orders.fifo" });
    expect(failed.status).toBe(500);
    expect(failed.xml).toContain("<Type>Receiver</Type><Code>InternalError</Code>");
  });
});
