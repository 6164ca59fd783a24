import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { killAt } from "../../support/functions/crashing.ts";
import { TestLane, type TestChange } from "../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../support/functions/invoke.ts";
import { numbers } from "../../support/functions/received.ts";
import { Stage } from "../../support/functions/stage.ts";

const MINUTE_MS = 60_000;

/** A frame that touches a healthy queue, one in trouble, one that was in trouble, and an unknown connection. */
const frame: readonly TestChange[] = [
  { user: "app_prod" },
  { user: "app_staging" },
  { user: "app_test" },
  { user: null, thread: 99 },
  { user: "app_staging" },
  { user: "app_prod", table: "shop.payments" },
];

describe("a route function that is killed between any two of its effects", () => {
  let stage: Stage;
  const counts: number[] = [];
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });
  afterAll(() => {
    console.log(`killed at each of ${Math.max(...counts)} requests, before and after it`);
  });

  test("has delivered everything once and in order after the frame has come again", async () => {
    let died = true;
    for (let request = 1; died; request++) {
      for (const when of ["before", "after"] as const) {
        died = await killedOnce(request, when);
      }
      counts.push(request);
    }
  }, 120_000);

  /** Whether there was such a request. */
  async function killedOnce(request: number, when: "before" | "after"): Promise<boolean> {
    const lane = new TestLane(request * 2 + (when === "after" ? 1 : 0));
    const group = `lane-${lane.lane}`;
    const table = (name: string) => `shop.${name}_${lane.lane}`;
    const own = (changes: readonly TestChange[]) =>
      changes.map((change) => ({ ...change, table: table(change.table ?? "orders") }));
    // The lane has parked something for `test` before, which was delivered since.
    const forbidden = stage.breakQueue("test", "AccessDenied");
    await route(stage.runtime, rawEvent([lane.frame(own([{ user: "app_test" }]))], group));
    forbidden.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    const gone = stage.breakQueue("staging", "AWS.SimpleQueueService.NonExistentQueue");

    const event = rawEvent([lane.frame(own(frame))], group);
    const clients = stage.newClients();
    const { requests } = killAt(clients, request, when);
    const failed = await route(stage.runtimeWith(clients), event);
    for (const client of Object.values(clients)) client.destroy();
    expect(failed).toHaveLength(requests() >= request ? 1 : 0);

    gone.remove();
    expect(await route(stage.runtime, event)).toEqual([]);
    await route(stage.runtime, rawEvent([lane.frame(own([{ user: "app_staging" }]))], group));
    stage.clock.advance(2 * MINUTE_MS);
    await retry(stage.runtime);

    expect(numbers(await stage.receiveAll("production"), table("orders"))).toEqual([2]);
    expect(numbers(await stage.receiveAll("staging"), table("orders"))).toEqual([3, 6, 8]);
    expect(numbers(await stage.receiveAll("test"), table("orders"))).toEqual([1, 4]);
    return requests() >= request;
  }
});
