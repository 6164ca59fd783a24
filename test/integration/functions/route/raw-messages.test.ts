import { randomBytes } from "node:crypto";
import { zstdDecompressSync } from "node:zlib";
import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodePointer } from "../../../../wire/payload-pointer.ts";
import type { EnvironmentMessage } from "../../../../wire/message.ts";
import { encodePointer } from "../../../../wire/payload-pointer.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;

describe("a message of the raw queue", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  const good = new TestLane().frame([{}]);
  const [header = "", ...lines] = good.split("\n");
  const withHeader = (change: object) =>
    [JSON.stringify({ ...(JSON.parse(header) as object), ...change }), ...lines].join("\n");

  test.for([
    ["text that is not a frame", "hello"],
    ["nothing", ""],
    ["JSON of another program", '{"Records":[]}'],
    ["a frame of a later version", withHeader({ frame: 2 })],
    ["a frame of another source", withHeader({ source: "other" })],
    ["a truncated frame", good.slice(0, -20)],
    [
      "a frame whose changes lie outside its positions",
      withHeader({ first: new TestLane().position(5), last: new TestLane().position(9) }),
    ],
    ["a frame without a binlog file", good.replace("mysql-bin.000001", "mysql-bin")],
    ["an author outside the header", good.replace('"author":0', '"author":5')],
    ["a megabyte of noise", randomBytes(500_000).toString("hex")],
    ["a pointer to a deleted payload", encodePointer({ bucket: "payloads", key: "frames/x" })],
    [
      "a pointer to an object that is not a frame",
      encodePointer({ bucket: "payloads", key: "messages/test/x" }),
    ],
    ["a pointer to a foreign bucket", encodePointer({ bucket: "foreign", key: "frames/x" })],
  ])("that is %s is recorded and blocks nothing", async ([_title, body = ""]) => {
    const metrics = new CountingMetrics();
    expect(await route(stage.runtime, rawEvent([body, good]), metrics)).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
    expect(metrics.totals.get("FramesMalformed")).toBe(1);

    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime, { metrics });
    expect(metrics.totals.get("FailuresPending")).toBe(1);
  });

  test("with an unreadable frame is delivered once the frame can be read, and the frames behind it follow", async () => {
    const lane = new TestLane();
    const [first, second] = [lane.frame([{}]), lane.frame([{}])];
    const missing = encodePointer({ bucket: "payloads", key: "frames/late" });
    expect(await route(stage.runtime, rawEvent([missing, second]))).toHaveLength(1);

    await stage.clients.s3.send(
      new PutObjectCommand({ Bucket: "payloads", Key: "frames/late", Body: first }),
    );
    stage.clock.advance(MINUTE_MS);
    const metrics = new CountingMetrics();
    await retry(stage.runtime, { metrics });
    expect(metrics.totals.get("FailuresPending")).toBe(0);
    expect(await route(stage.runtime, rawEvent([second]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2]);
  });

  test("that waits behind a gap blocks a new epoch until it is purged", async () => {
    const lane = new TestLane();
    lane.frame([{}]);
    const waiting = lane.frame([{}]);
    const anew = new TestLane(0, 2).frame([{}]);
    expect(await route(stage.runtime, rawEvent([waiting, anew]))).toHaveLength(2);
    expect(await route(stage.runtime, rawEvent([anew]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
  });

  test("that points to an unreadable payload is kept after the payload's deletion", async () => {
    const payload = { Bucket: "payloads", Key: "frames/odd" };
    await stage.clients.s3.send(new PutObjectCommand({ ...payload, Body: "of a later version" }));
    const pointer = encodePointer({ bucket: payload.Bucket, key: payload.Key });
    const event = rawEvent([pointer]);
    expect(await route(stage.runtime, event)).toEqual([]);
    await stage.clients.s3.send(new DeleteObjectCommand(payload));

    const { Items: records = [] } = await stage.clients.dynamodb.send(
      new QueryCommand({
        TableName: "failures",
        KeyConditionExpression: "#stream = :stream AND #position < :state",
        ExpressionAttributeNames: { "#stream": "stream", "#position": "position" },
        ExpressionAttributeValues: {
          ":stream": { S: `raw/0/${event.Records[0]?.messageId}` },
          ":state": { S: "~" },
        },
      }),
    );
    const bodies = records.map(({ body }) => zstdDecompressSync(body?.B ?? Buffer.of()).toString());
    expect(bodies).toEqual(["of a later version"]);
  });

  test("that points to a payload waits while the bucket is unavailable", async () => {
    await stage.clients.s3.send(
      new PutObjectCommand({ Bucket: "payloads", Key: "frames/1", Body: good }),
    );
    const pointer = encodePointer({ bucket: "payloads", key: "frames/1" });
    const fault = stage.aws.faults.add({
      service: "s3",
      effect: { kind: "error", code: "ServiceUnavailable", status: 503 },
    });
    const metrics = new CountingMetrics();
    expect(await route(stage.runtime, rawEvent([pointer]), metrics)).toHaveLength(1);
    expect(metrics.totals.get("FramesReturned")).toBe(1);
    fault.remove();
    expect(await route(stage.runtime, rawEvent([pointer]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1]);
  });

  test("that points to an object that is not a frame causes no request to S3", async () => {
    using fault = stage.aws.faults.add({
      service: "s3",
      effect: { kind: "error", code: "AccessDenied", status: 403 },
    });
    const pointer = encodePointer({ bucket: "payloads", key: "messages/test/x" });
    const metrics = new CountingMetrics();
    expect(await route(stage.runtime, rawEvent([pointer, good]), metrics)).toEqual([]);
    expect(metrics.totals.get("FramesMalformed")).toBe(1);
    expect(fault.strikes).toBe(0);
  });

  test("with a change beyond SQS's limit is delivered through the bucket, as by the Extended Client", async () => {
    const text = "é".repeat(600_000);
    await route(stage.runtime, rawEvent([new TestLane().frame([{ text }, {}])]));

    const { Messages: messages = [] } = await stage.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: stage.queueUrl("shop-billing-production.fifo"),
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
      }),
    );
    expect(messages).toHaveLength(2);
    const pointer = decodePointer(messages[0]?.Body ?? "");
    expect(pointer?.key).toMatch(/^messages\/production\//);
    const { Body: body } = await stage.clients.s3.send(
      new GetObjectCommand({ Bucket: "payloads", Key: pointer?.key }),
    );
    const payload = (await body?.transformToString()) ?? "";
    expect(messages[0]?.MessageAttributes?.["ExtendedPayloadSize"]?.StringValue).toBe(
      String(Buffer.byteLength(payload)),
    );
    const message = JSON.parse(payload) as EnvironmentMessage;
    expect(message.changes.map(({ after }) => after?.["text"])).toEqual([text]);
  });

  test("that is parked with a body beyond DynamoDB's limit is delivered from the bucket", async () => {
    const fault = stage.breakQueue("production", "AccessDenied");
    const text = randomBytes(400_000).toString("base64");
    await route(stage.runtime, rawEvent([new TestLane().frame([{ text }])]));
    fault.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    const [message] = await stage.receiveAll("production");
    expect(message?.changes[0]?.after?.["text"]).toBe(text);
  });
});
