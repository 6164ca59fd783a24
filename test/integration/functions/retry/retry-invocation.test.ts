import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** In its last seconds an invocation starts nothing new (`LAST_SECONDS_MS`). */
const LAST_MS = 12_000;
const ENVIRONMENTS = ["production", "staging", "test"];
const USERS = ["app_prod", "app_staging", "app_test"];
const FRAMES = 20;
/** A delay so large that an invocation's other work is negligible, even on a busy machine. */
const SLOW_MS = 250;

describe("an invocation of the retry function", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
    const faults = ENVIRONMENTS.map((name) => stage.breakQueue(name, "AccessDenied"));
    const lane = new TestLane();
    for (let n = 0; n < FRAMES; n++) {
      const frame = lane.frame(USERS.map((user) => ({ user })));
      expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
    }
    for (const fault of faults) fault.remove();
    stage.clock.advance(MINUTE_MS);
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  test("ends in time and leaves the rest to the next ones, in order", async () => {
    using slow = sendsTake(100);
    const pending: number[] = [];
    do {
      const metrics = new CountingMetrics();
      await retry(stage.runtime, { metrics, remainingMs: LAST_MS + 600 });
      pending.push(metrics.totals.get("FailuresPending") ?? 0);
      expect(pending.length).toBeLessThan(200);
    } while (pending.at(-1) !== 0);

    expect(pending.length).toBeGreaterThan(1);
    expect(slow.strikes).toBe(ENVIRONMENTS.length * FRAMES);
    await expectAll();
  });

  test("works on several streams in parallel", async () => {
    using slow = sendsTake(SLOW_MS);
    const begin = performance.now();
    await retry(stage.runtime);
    const tookMs = performance.now() - begin;
    expect(slow.strikes).toBe(ENVIRONMENTS.length * FRAMES);
    // Run in sequence, the requests would take at least the sum of all delays.
    expect(tookMs).toBeLessThan(slow.strikes * SLOW_MS);
    await expectAll();
  });

  test("removes the bodies of finished records and lets the records expire after a month", async () => {
    await retry(stage.runtime);
    const { Items: items = [] } = await stage.clients.dynamodb.send(
      new QueryCommand({
        TableName: "failures",
        KeyConditionExpression: "#stream = :stream",
        ExpressionAttributeNames: { "#stream": "stream" },
        ExpressionAttributeValues: { ":stream": { S: "queue/0/shop-billing-test.fifo" } },
      }),
    );
    expect(items).toHaveLength(FRAMES + 1);
    const days = items.map(({ expires }) =>
      Math.round((Number(expires?.N) * 1000 - stage.clock.now()) / DAY_MS),
    );
    expect(new Set(days)).toEqual(new Set([30]));
    // Sorted by key; the stream's state is the last item.
    const statuses = items.map(({ status }) => status?.S);
    expect(statuses).toEqual([...Array<string>(FRAMES).fill("resolved"), "closed"]);
    expect(items.filter(({ body }) => body !== undefined)).toEqual([]);
  });

  function sendsTake(ms: number) {
    return stage.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      effect: { kind: "delay", ms },
    });
  }

  async function expectAll(): Promise<void> {
    for (const [index, environment] of ENVIRONMENTS.entries()) {
      const expected = Array.from({ length: FRAMES }, (_, n) => 3 * n + index + 1);
      expect(numbers(await stage.receiveAll(environment))).toEqual(expected);
    }
  }
});
