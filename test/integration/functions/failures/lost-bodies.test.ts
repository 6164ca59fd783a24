import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readState } from "../../../../functions/failures/route-items.ts";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import { queueStream, streamText, threadStream } from "../../../../functions/failures/stream.ts";
import { revive } from "../../../../operator/commands/failures/failures-table.ts";
import { SERVER, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";
import { targetOf } from "../../../support/functions/target.ts";

const MINUTE_MS = 60_000;
const TWO_ATTEMPTS = { baseMs: 1000, longestMs: 1000, attempts: 2 };
const STREAM = queueStream(0, "shop-billing-staging.fifo");

describe("a record whose body is missing or damaged", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  test("is in trouble until the object is restored, and delays no other stream", async () => {
    const lane = new TestLane();
    const faults = ["staging", "production"].map((name) => stage.breakQueue(name, "AccessDenied"));
    const text = randomBytes(400_000).toString("base64");
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging", text }])]));
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }, {}])]));
    for (const fault of faults) fault.remove();
    const object = { Bucket: "payloads", Key: await bodyKey() };
    const { Body: body } = await stage.clients.s3.send(new GetObjectCommand(object));
    const bytes = (await body?.transformToByteArray()) ?? Buffer.of();
    await stage.clients.s3.send(new DeleteObjectCommand(object));

    const metrics = new CountingMetrics();
    for (let attempt = 0; attempt < TWO_ATTEMPTS.attempts; attempt++) {
      stage.clock.advance(MINUTE_MS);
      await retry(stage.runtime, { backoff: TWO_ATTEMPTS, metrics });
    }
    expect(numbers(await stage.receiveAll("production"))).toEqual([3]);
    expect(await stage.receiveAll("staging")).toEqual([]);
    expect(metrics.totals.get("FailuresDead")).toBe(1);
    expect(await readState(stage.clients.dynamodb, "failures", STREAM)).toMatchObject({
      status: "dead",
      trouble: {
        reason: "body-unavailable",
        error: `the payload bucket no longer has the object ${object.Key}: put it back, or discard the record`,
      },
    });

    await stage.clients.s3.send(new PutObjectCommand({ ...object, Body: bytes }));
    using target = targetOf(stage);
    expect(await revive(target, STREAM)).toBe(true);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1, 2]);
  });

  test("is in trouble when the object has another content", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    const text = randomBytes(400_000).toString("base64");
    await route(stage.runtime, rawEvent([new TestLane().frame([{ user: "app_staging", text }])]));
    fault.remove();
    await stage.clients.s3.send(
      new PutObjectCommand({ Bucket: "payloads", Key: await bodyKey(), Body: "something else" }),
    );
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(await readState(stage.clients.dynamodb, "failures", STREAM)).toMatchObject({
      status: "open",
      attempts: 1,
      trouble: { reason: "body-unavailable" },
    });
  });

  test("an outage of the bucket does not count as a failed attempt", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    const text = randomBytes(400_000).toString("base64");
    await route(stage.runtime, rawEvent([new TestLane().frame([{ user: "app_staging", text }])]));
    fault.remove();
    const away = stage.aws.faults.add({
      service: "s3",
      effect: { kind: "error", code: "ServiceUnavailable", status: 503 },
    });
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    away.remove();
    expect(await readState(stage.clients.dynamodb, "failures", STREAM)).toMatchObject({
      attempts: 0,
    });
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1]);
  });

  /** The key of the body in the bucket; exactly one record has one. */
  async function bodyKey(): Promise<string> {
    const { Items: items = [] } = await stage.clients.dynamodb.send(
      new QueryCommand({
        TableName: "failures",
        KeyConditionExpression: "#stream = :stream",
        ExpressionAttributeNames: { "#stream": "stream" },
        ExpressionAttributeValues: { ":stream": { S: streamText(STREAM) } },
      }),
    );
    const keys = items.flatMap(({ bodyKey: key }) => key?.S ?? []);
    expect(keys).toHaveLength(1);
    return keys[0] ?? "";
  }
});

test("changes of a connection that a later version parked wait for code that can read them", async () => {
  await using stage = await Stage.start();
  const { dynamodb } = stage.clients;
  const frame = new TestLane().frame([{ user: null, thread: 24 }]);
  await route(stage.runtime, rawEvent([frame]));
  const stream = threadStream(0, { server: SERVER, run: 1, thread: 24 });
  const position = `${new TestLane().position(1)}/${new TestLane().position(1)}`;
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: "failures",
      Key: { stream: { S: streamText(stream) }, position: { S: position } },
      UpdateExpression: "SET body = :body",
      ConditionExpression: "attribute_exists(body)",
      ExpressionAttributeValues: {
        ":body": { B: zstdCompressSync(frame.replace('"frame":1', '"frame":2')) },
      },
    }),
  );
  // Retry takes up the record once the connection is known.
  const author = { from: "", user: "app_prod", host: "10.0.0.1", attribution: "sweep" } as const;
  await new SessionsTable(dynamodb, "sessions").record([
    { connection: { server: SERVER, run: 1, thread: 24 }, entries: [author] },
  ]);
  stage.clock.advance(MINUTE_MS);
  await retry(stage.runtime);
  expect(await readState(dynamodb, "failures", stream)).toMatchObject({
    attempts: 1,
    trouble: { reason: "malformed", error: expect.stringMatching(/frame has version 2/) as string },
  });
});
