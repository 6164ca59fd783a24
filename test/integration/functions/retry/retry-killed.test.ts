import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { killAt } from "../../../support/functions/crashing.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;

describe("a retry function that is killed before or after any request", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  test.for(["available again", "still refusing"] as const)(
    "has delivered every change once and in order after its next invocation, with a queue that is %s",
    { timeout: 120_000 },
    async (queue) => {
      let request = 1;
      for (let killed = true; killed; request++) {
        for (const when of ["before", "after"] as const) {
          killed = await killedOnce(queue, request, when);
        }
      }
      console.log(`killed at each of ${request - 2} requests, before and after it`);
    },
  );

  /** Returns whether the invocation made that request and was killed at it. */
  async function killedOnce(
    queue: "available again" | "still refusing",
    request: number,
    when: "before" | "after",
  ): Promise<boolean> {
    const lane = new TestLane(request * 2 + (when === "after" ? 1 : 0));
    const table = `shop.orders_${lane.lane}`;
    const park = async (): Promise<void> => {
      const changes = [
        { user: "app_staging", table },
        { user: "app_staging", table: `${table}b` },
      ];
      await route(stage.runtime, rawEvent([lane.frame(changes)]));
    };
    const fault = stage.breakQueue("staging", "AccessDenied");
    await park();
    await park();
    if (queue === "available again") fault.remove();
    stage.clock.advance(MINUTE_MS);

    const clients = stage.newClients();
    const { requests } = killAt(clients, request, when);
    // The invocation fails because its requests cannot be made any more.
    await retry(stage.runtimeWith(clients)).catch(() => undefined);
    for (const client of Object.values(clients)) client.destroy();
    fault.remove();

    await park();
    stage.clock.advance(MINUTE_MS);
    const metrics = new CountingMetrics();
    await retry(stage.runtime, { metrics });
    expect(metrics.totals.get("FailuresPending")).toBe(0);
    const messages = await stage.receiveAll("staging");
    expect(numbers(messages, table)).toEqual([1, 3, 5]);
    expect(numbers(messages, `${table}b`)).toEqual([2, 4, 6]);
    return requests() >= request;
  }
});
