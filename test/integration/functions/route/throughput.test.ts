import { expect, test } from "vitest";
import { TestLane } from "../../../support/functions/frames.ts";
import { rawEvent, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const FRAMES = 600;
const ENVIRONMENTS = new Map([
  ["app_prod", "production"],
  ["app_staging", "staging"],
  ["app_test", "test"],
]);
const TABLES = 4;

test("ten frames of one change need one read and one write of their lane", async () => {
  // A warm-up, so that JIT compilation is not measured.
  await deliver(10);
  const alone = await deliver(1);
  const together = await deliver(10);
  console.log(
    `frames of one change: ${alone.rate}/s in invocations of one, ${together.rate}/s in invocations of ten`,
  );
  expect(alone.requests).toBe(2 * FRAMES);
  expect(together.requests).toBe((2 * FRAMES) / 10);
}, 120_000);

/**
 * Delivers frames of one change each, `perInvocation` of them per invocation. Returns frames per
 * second and the number of requests to DynamoDB.
 */
async function deliver(perInvocation: number): Promise<{ rate: number; requests: number }> {
  await using stage = await Stage.start();
  const lane = new TestLane();
  const users = [...ENVIRONMENTS.keys()];
  const frames = Array.from({ length: FRAMES }, (_, n) =>
    lane.frame([{ user: users[n % users.length] ?? "", table: tableOf(n) }]),
  );

  const before = requests(stage);
  const begin = performance.now();
  for (let n = 0; n < FRAMES; n += perInvocation) {
    expect(await route(stage.runtime, rawEvent(frames.slice(n, n + perInvocation)))).toEqual([]);
  }
  const seconds = (performance.now() - begin) / 1000;
  const made = requests(stage) - before;

  for (const [user, environment] of ENVIRONMENTS) {
    const messages = await stage.receiveAll(environment);
    for (let table = 0; table < TABLES; table++) {
      const expected = frames.flatMap((_frame, n) =>
        users[n % users.length] === user && n % TABLES === table ? [n + 1] : [],
      );
      expect(numbers(messages, tableOf(table))).toEqual(expected);
    }
  }
  return { rate: Math.round(FRAMES / seconds), requests: made };
}

function tableOf(n: number): string {
  return `shop.table_${n % TABLES}`;
}

function requests(stage: Stage): number {
  const { actions } = stage.aws.counts("dynamodb");
  return Object.values(actions).reduce((sum, count) => sum + count, 0);
}
