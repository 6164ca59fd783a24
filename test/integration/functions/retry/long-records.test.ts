import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { shareBatch } from "../../../../functions/delivery/message-batch.ts";
import { stateKey } from "../../../../functions/failures/items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { isNonEmpty } from "../../../../functions/ground/non-empty.ts";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { killAt } from "../../../support/functions/crashing.ts";
import { SERVER, SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MESSAGES = 1_001;
/** More requests than a part of a record takes, and far fewer than the record. */
const REQUESTS_PER_INVOCATION = 600;
const MINUTE_MS = 60_000;
const PER_CHANGE = {
  environments: { production: { users: ["app_prod"] } },
  subscribers: { search: { tables: ["shop.*"], format: "debezium" } },
} satisfies RoutingInput;
const PER_FRAME = { ...PER_CHANGE, subscribers: { search: { tables: ["shop.*"] } } };
const QUEUE = environmentQueueName(SOURCE, "search", "production");

describe("a record with more messages than one retry invocation can send", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start(PER_FRAME);
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  /** Parks messages as earlier releases did, which did not cut frames into slices. */
  async function parkMessages(count = MESSAGES): Promise<void> {
    const lane = new TestLane();
    const messages = Array.from({ length: count }, (_, index) => ({
      environment: "production",
      group: "shop.orders",
      deduplicationId: `message-${index + 1}`,
      changes: 1,
      first: lane.position(index + 1),
      last: lane.position(index + 1),
      body: JSON.stringify({ changes: [{ source: { pos: 100 * (index + 1) } }] }),
    }));
    if (!isNonEmpty(messages)) throw new Error("no messages");
    const batch = shareBatch({
      kind: "messages",
      queueName: QUEUE,
      first: lane.position(1),
      last: lane.position(count),
      messages,
    });
    await stage.runtime.effects.streams.park(queueStream(0, QUEUE), [batch], {
      reason: "throttled",
      error: "",
    });
  }

  async function parkUnknown(): Promise<void> {
    const changes = Array.from({ length: MESSAGES }, () => ({ user: null, thread: 7 }));
    expect(await route(stage.runtime, rawEvent([new TestLane().frame(changes)]))).toEqual([]);
    await new SessionsTable(stage.clients.dynamodb, "sessions").record([
      {
        connection: { server: SERVER, run: 1, thread: 7 },
        entries: [{ from: "", user: "app_prod", host: "10.0.0.1", attribution: "sweep" }],
      },
    ]);
    stage.deploy(PER_CHANGE);
  }

  const cases = {
    "with messages of a queue": () => parkMessages(),
    "with changes of a connection whose author has become known": parkUnknown,
  };

  test.for(Object.entries(cases))("%s, is delivered part by part", async ([, park]) => {
    await park();
    let invocations = 0;
    for (let pending = 1; pending > 0; invocations++) {
      expect(invocations).toBeLessThan(10);
      // SQS has forgotten the deduplication ids: only retry's saved progress keeps it from sending
      // everything again.
      stage.clock.advance(20 * MINUTE_MS);
      const clients = stage.newClients("retry");
      killAt(clients, REQUESTS_PER_INVOCATION, "after");
      await retry(stage.runtimeWith(clients)).catch(() => undefined);
      for (const client of Object.values(clients)) client.destroy();
      pending = await stage.runtime.items.count("open");
    }
    const messages = await stage.receiveAll("production", "search");
    const numbers = messages.map((message) => message.changes[0]?.source.pos ?? 0);
    expect([...new Set(numbers)]).toEqual(
      Array.from({ length: MESSAGES }, (_, index) => 100 * (index + 1)),
    );
    console.log(`${invocations} invocations, ${numbers.length - MESSAGES} sent twice`);
    expect(invocations).toBeGreaterThan(1);
    expect(numbers.length).toBeLessThan(2 * MESSAGES);
  });

  test("is continued by the next invocation without a repeated message", async () => {
    const count = 300;
    await parkMessages(count);
    using slow = stage.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      effect: { kind: "delay", ms: 2 },
    });
    let invocations = 0;
    for (let pending = 1; pending > 0; invocations++) {
      expect(invocations).toBeLessThan(60);
      stage.clock.advance(20 * MINUTE_MS);
      await retry(stage.runtime, { remainingMs: 12_000 + 200 });
      pending = await stage.runtime.items.count("open");
    }
    expect(invocations).toBeGreaterThan(2);
    expect(slow.strikes).toBe(count);
    const messages = await stage.receiveAll("production", "search");
    expect(messages.map((message) => message.changes[0]?.source.pos)).toEqual(
      Array.from({ length: count }, (_, index) => 100 * (index + 1)),
    );
  });
});

test("a record at which each invocation is killed is given up with the reason", async () => {
  await using stage = await Stage.start(PER_FRAME);
  const fault = stage.breakQueue("production", "AccessDenied", "search");
  expect(await route(stage.runtime, rawEvent([new TestLane().frame([{}])]))).toEqual([]);
  fault.remove();
  const backoff = { baseMs: 10_000, longestMs: 60_000, attempts: 3 };
  const stream = queueStream(0, QUEUE);
  for (let killed = 0; killed < backoff.attempts; killed++) {
    stage.clock.advance(20 * MINUTE_MS);
    // A claim is the last write of an invocation that is killed here.
    const now = stage.clock.now();
    expect(await stage.runtime.items.claim(stream, now, now + 55_000)).not.toBeNull();
  }
  stage.clock.advance(20 * MINUTE_MS);
  const metrics = new CountingMetrics();
  await retry(stage.runtime, { backoff, metrics });
  expect(metrics.totals.get("FailuresDead")).toBe(1);
  const { Item: state } = await stage.clients.dynamodb.send(
    new GetItemCommand({ TableName: "failures", Key: stateKey(stream) }),
  );
  expect(state).toMatchObject({
    status: { S: "dead" },
    attempts: { N: "3" },
    reason: { S: "fault" },
    error: { S: expect.stringContaining("out of time or memory") as string },
  });
  expect(await stage.receiveAll("production", "search")).toEqual([]);
});

test("a record whose body the router's code cannot read counts failed attempts until it is given up", async () => {
  await using stage = await Stage.start(PER_FRAME);
  const position = new TestLane().position(1);
  const batch = { first: position, last: position, count: 1, body: "no JSON at all" };
  const stream = queueStream(0, QUEUE);
  await stage.runtime.effects.streams.park(stream, [batch], { reason: "throttled", error: "" });
  const backoff = { baseMs: 10_000, longestMs: 60_000, attempts: 2 };
  for (let attempt = 0; attempt < backoff.attempts; attempt++) {
    stage.clock.advance(20 * MINUTE_MS);
    await retry(stage.runtime, { backoff });
  }
  const { Item: state } = await stage.clients.dynamodb.send(
    new GetItemCommand({ TableName: "failures", Key: stateKey(stream) }),
  );
  expect(state).toMatchObject({
    status: { S: "dead" },
    reason: { S: "fault" },
    // The error's message is left out because it would quote the body.
    error: { S: expect.stringMatching(/^SyntaxError(?!.*JSON at all)/) as string },
  });
});
