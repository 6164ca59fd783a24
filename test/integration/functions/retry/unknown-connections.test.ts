import { setTimeout as delay } from "node:timers/promises";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { stateKey } from "../../../../functions/failures/items.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { threadStream } from "../../../../functions/failures/stream.ts";
import { UNKNOWN_BACKOFF } from "../../../../functions/retry/unknown-threads.ts";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import type { EnvironmentMessage } from "../../../../wire/message.ts";
import { SERVER, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";
import { parkCopies, parkUnknown } from "../../../support/functions/unknown-connections.ts";

const CONNECTIONS = Number(process.env["UNKNOWN_CONNECTIONS"] ?? 2000);

/** Production's first messages, as soon as they arrive. */
async function firstOf(stage: Stage): Promise<EnvironmentMessage[]> {
  for (;;) {
    const messages = await stage.receiveAll("production");
    if (messages.length > 0) return messages;
    await delay(10);
  }
}

test("a throttled send to production is retried in the next run, however many unknown connections wait", async () => {
  await using stage = await Stage.start();
  await parkCopies(stage, stage.runtime, new TestLane(1), CONNECTIONS);
  // The connections' records are older than production's.
  stage.clock.advance(5 * 60_000);
  const fault = stage.breakQueue("production", "RequestThrottled");
  expect(await route(stage.runtime, rawEvent([new TestLane(0).frame([{}])]))).toEqual([]);
  fault.remove();
  stage.clock.advance(60_000);

  const requests = (): number =>
    Object.values(stage.aws.counts("dynamodb").actions).reduce((sum, count) => sum + count, 0);
  const before = requests();
  const began = performance.now();
  const run = retry(stage.runtime);
  expect(numbers(await firstOf(stage))).toEqual([1]);
  const servedMs = Math.round(performance.now() - began);
  await run;
  const tookMs = Math.round(performance.now() - began);
  const each = (requests() - before) / CONNECTIONS;
  console.log(
    `production was served ${servedMs} ms after the run began; the run tried ${CONNECTIONS} unknown connections in ${tookMs} ms, with ${each.toFixed(2)} DynamoDB requests each`,
  );
  // Production is served early, ahead of the connections that have waited longer.
  expect(servedMs).toBeLessThan(tookMs / 2);
  // Each connection needs a claim and a postponement; one look-up serves many connections.
  expect(each).toBeLessThan(2.2);
}, 300_000);

test("an unknown connection is given up after about 18 hours, and the function keeps pace with seven new ones a second", async () => {
  await using stage = await Stage.start();
  const lane = new TestLane();
  await parkUnknown(stage.runtime, lane, 1);
  const began = stage.clock.now();
  let runs = 0;
  for (let metrics = new CountingMetrics(); metrics.totals.get("FailuresDead") !== 1; runs++) {
    stage.clock.advance(60_000);
    metrics = new CountingMetrics();
    await retry(stage.runtime, { metrics });
    expect(runs).toBeLessThan(24 * 60);
  }
  const hours = (stage.clock.now() - began) / 3_600_000;
  console.log(`given up after ${UNKNOWN_BACKOFF.attempts} attempts in ${hours.toFixed(1)} hours`);
  expect(hours).toBeGreaterThan(14);
  // With seven new unknown connections a second, each tried this many times, the work of one minute
  // stays below what a run can do.
  expect(7 * 60 * UNKNOWN_BACKOFF.attempts).toBeLessThan(10_000);
}, 300_000);

test("the changes of a connection that becomes known are delivered among thousands of unknown ones", async () => {
  await using stage = await Stage.start();
  await parkUnknown(stage.runtime, new TestLane(), 500);
  const author = { from: "", user: "app_prod", host: "10.0.0.1", attribution: "sweep" } as const;
  await new SessionsTable(stage.clients.dynamodb, "sessions").record([
    { connection: { server: SERVER, run: 1, thread: 300 }, entries: [author] },
  ]);
  stage.clock.advance(60_000);
  await retry(stage.runtime);
  expect(numbers(await stage.receiveAll("production"))).toEqual([201]);
});

test("environments take turns with the connections that have become known", async () => {
  await using stage = await Stage.start();
  const lane = new TestLane();
  const [others, mine] = [40, 200];
  await parkUnknown(stage.runtime, lane, others);
  stage.clock.advance(60_000);
  await parkUnknown(stage.runtime, lane, 1, mine);
  const threads = [...Array.from({ length: others }, (_, n) => 100 + n), mine];
  await new SessionsTable(stage.clients.dynamodb, "sessions").record(
    threads.map((thread) => ({
      connection: { server: SERVER, run: 1, thread },
      entries: [
        {
          from: "",
          user: thread === mine ? "app_prod" : "app_staging",
          host: "10.0.0.1",
          attribution: "sweep",
        } as const,
      ],
    })),
  );
  stage.clock.advance(60_000);
  const begun: string[] = [];
  const { effects } = stage.runtime;
  const sender: typeof effects.sender = {
    send: (queueName, messages) => {
      begun.push(queueName);
      return effects.sender.send(queueName, messages);
    },
  };
  await retry({ ...stage.runtime, effects: { ...effects, sender } });
  expect(begun).toHaveLength(others + 1);
  // All of staging's connections have waited longer.
  expect(begun.findIndex((name) => name.includes("production"))).toBeLessThan(others - 8);
  expect(await stage.receiveAll("production")).toHaveLength(1);
});

test("a connection with more attempts by the last release is not given up early", async () => {
  await using stage = await Stage.start();
  await parkUnknown(stage.runtime, new TestLane(), 1);
  const { dynamodb } = stage.clients;
  const stream = threadStream(0, { server: SERVER, run: 1, thread: 100 });
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: "failures",
      Key: stateKey(stream),
      UpdateExpression: "SET attempts = :many",
      ExpressionAttributeValues: { ":many": { N: "60" } },
    }),
  );
  stage.clock.advance(60_000);
  await retry(stage.runtime);
  expect(await readState(dynamodb, "failures", stream)).toMatchObject({
    status: "open",
    attempts: 61,
  });
  stage.clock.advance(20 * 60 * 60_000);
  await retry(stage.runtime);
  expect(await readState(dynamodb, "failures", stream)).toMatchObject({ status: "dead" });
});
