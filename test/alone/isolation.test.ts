import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { FaultEffect } from "../../infra/local/aws/http/faults.ts";
import { Consumer } from "../support/functions/consumer.ts";
import { TestLane } from "../support/functions/frames.ts";
import { Pipeline } from "../support/functions/pipeline.ts";
import { Stage } from "../support/functions/stage.ts";

/** How long each kind of trouble lasts; `ISOLATION_SECONDS=60` makes all as long as the throttling. */
const SECONDS = Number(process.env["ISOLATION_SECONDS"] ?? 4);
const THROTTLED_SECONDS = Math.max(SECONDS, 60);
const FRAME_EVERY_MS = 25;
/** A busy machine spoils a measurement now and then; a queue that makes others wait spoils each. */
const TRIES = 4;

const TROUBLES: readonly (readonly [string, FaultEffect, number])[] = [
  ["deleted", { kind: "error", code: "AWS.SimpleQueueService.NonExistentQueue" }, SECONDS],
  ["denied", { kind: "error", code: "AccessDenied" }, SECONDS],
  ["throttled", { kind: "error", code: "RequestThrottled" }, THROTTLED_SECONDS],
  ["slow", { kind: "delay", ms: 5000 }, SECONDS],
  ["refusing connections", { kind: "reset" }, SECONDS],
];

describe("while one environment's queue is in trouble under load", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start();
    await stage.createRawQueue({ visibilitySeconds: 90, maxReceives: 1000 });
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
  });

  test("the others' delay is unchanged, and its own messages arrive complete and in order after it", async () => {
    await using staging = new Consumer(stage, "staging");
    await using production = new Consumer(stage, "production");
    const backoff = { baseMs: 500, longestMs: 1000, attempts: 10_000 };
    await using pipeline = new Pipeline(stage, { retryEveryMs: 1000, backoff });
    const lane = new TestLane();
    const sentAt = new Map<number, number>();
    let written = 0;

    async function load(seconds: number): Promise<number[]> {
      const from = production.receipts.length;
      const until = Date.now() + seconds * 1000;
      while (Date.now() < until) {
        const next = delay(FRAME_EVERY_MS);
        for (const n of [++written, ++written]) sentAt.set(n, Date.now());
        await pipeline.send(lane.frame([{ user: "app_prod" }, { user: "app_staging" }]));
        await next;
      }
      await vi.waitFor(() => expect(production.numbers.at(-1)).toBe(written - 1), 20_000);
      return production.receipts
        .slice(from)
        .map(({ change, atMs }) => atMs - (sentAt.get(change.after?.["n"] as number) ?? 0));
    }

    /** The delay in good times and in this trouble, one right after the other, for the machine has other things to do. */
    async function compare(effect: FaultEffect, seconds: number) {
      const healthy = summary(await load(Math.min(seconds / 2, 10)));
      const fault = stage.aws.faults.add({
        service: "sqs",
        action: "SendMessage*",
        resource: "shop-billing-staging.fifo",
        effect,
      });
      const troubled = summary(await load(seconds));
      fault.remove();
      // Mended, so that the next trouble strikes a closed circuit as well.
      await vi.waitFor(() => expect(staging.numbers.at(-1)).toBe(written), {
        timeout: 60_000,
        interval: 100,
      });
      return { healthy, troubled, unchanged: troubled.p50 < 2 * healthy.p50 + 50 };
    }

    for (const [name, effect, seconds] of TROUBLES) {
      let result = await compare(effect, seconds);
      for (let tries = 1; !result.unchanged && tries < TRIES; tries++)
        result = await compare(effect, SECONDS);
      const { healthy, troubled } = result;
      console.log(
        `production's delay while staging's queue is ${name}:`,
        troubled,
        "before:",
        healthy,
      );
      expect(result.unchanged).toBe(true);
    }

    const even = Array.from({ length: written / 2 }, (_, index) => 2 * index + 2);
    expect(staging.numbers).toEqual(even);
    expect(production.numbers).toEqual(even.map((n) => n - 1));
  }, 300_000);
});

function summary(delays: readonly number[]) {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
