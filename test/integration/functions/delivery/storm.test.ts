import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { Consumer } from "../../../support/functions/consumer.ts";
import { TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { Pipeline } from "../../../support/functions/pipeline.ts";
import { Stage } from "../../../support/functions/stage.ts";

/** How many seconds DynamoDB fails at random. `STORM_SEED` repeats a run. */
const SECONDS = Number(process.env["STORM_SECONDS"] ?? 8);
const SEED = Number(process.env["STORM_SEED"] ?? 1);
const FRAME_EVERY_MS = 20;
const USERS = ["app_prod", "app_staging", "app_test"];

test(
  "random failures of DynamoDB cause no lost, repeated or misplaced change",
  async () => {
    const random = new SeededRandom(SEED);
    await using stage = await Stage.start();
    await stage.createRawQueue({ visibilitySeconds: 1, maxReceives: 1000 });
    await using consumers = new AsyncDisposableStack();
    const received = ["production", "staging", "test"].map((environment) =>
      consumers.use(new Consumer(stage, environment)),
    );
    await using pipeline = new Pipeline(stage, {
      retryEveryMs: 200,
      remainingMs: 30_000,
      backoff: { baseMs: 50, longestMs: 200, attempts: 10_000 },
    });

    const lane = new TestLane();
    const written: number[][] = [[], [], []];
    let n = 0;
    {
      using storm = stage.aws.faults.add({
        service: "dynamodb",
        probability: 0.3,
        seed: SEED,
        effect: { kind: "error", code: "InternalServerError" },
      });
      // DynamoDB carries out the request but its answer is lost. The next attempt finds the write
      // already done.
      using lost = stage.aws.faults.add({
        service: "dynamodb",
        probability: 0.05,
        seed: SEED + 2,
        effect: { kind: "reset", when: "after" },
      });
      // When a queue fails intermittently, the hand-over writes to DynamoDB.
      using gusts = stage.aws.faults.add({
        service: "sqs",
        action: "SendMessage*",
        resource: "shop-billing-staging.fifo",
        probability: 0.6,
        seed: SEED + 1,
        effect: { kind: "error", code: "AccessDenied" },
      });
      const until = Date.now() + SECONDS * 1000;
      while (Date.now() < until) {
        const changes = Array.from({ length: 1 + random.below(4) }, (): TestChange => {
          const user = random.below(USERS.length);
          written[user]?.push(++n);
          return { user: USERS[user] ?? "" };
        });
        const next = delay(FRAME_EVERY_MS);
        await pipeline.send(lane.frame(changes));
        await next;
      }
      expect(storm.strikes).toBeGreaterThan(0);
      expect(lost.strikes).toBeGreaterThan(0);
      expect(gusts.strikes).toBeGreaterThan(0);
      console.log(
        `${n} changes, ${storm.strikes} failed calls of DynamoDB, ${lost.strikes} lost answers, ${gusts.strikes} failed calls of SQS, seed ${SEED}`,
      );
    }

    await vi.waitFor(
      () =>
        expect(received.map(({ numbers }) => numbers.length)).toEqual(
          written.map((list) => list.length),
        ),
      { timeout: 60_000, interval: 100 },
    );
    expect(received.map(({ numbers }) => numbers)).toEqual(written);
  },
  240_000 + 2000 * SECONDS,
);
