import { afterEach, beforeEach, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import type { RetryRuntime } from "../../../../functions/retry/retry-handler.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;
const GONE = "AWS.SimpleQueueService.NonExistentQueue";
const QUEUE = "shop-billing-staging.fifo";

/** A configuration with these subscribers. */
function withSubscribers(subscribers: RoutingInput["subscribers"]): RoutingInput {
  return { environments: { staging: { users: ["app"] } }, subscribers, otherUsers: "drop" };
}

const ORDERS = { tables: ["shop.orders"] };
const BEFORE = withSubscribers({ billing: { tables: ["shop.*"] }, search: { tables: ["shop.*"] } });
const LEFT = {
  "its subscriber is removed": withSubscribers({ search: { tables: ["shop.*"] } }),
  "its subscriber has other tables": withSubscribers({
    billing: ORDERS,
    search: { tables: ["shop.*"] },
  }),
};

let stage: Stage;
let lane: TestLane;
beforeEach(async () => {
  stage = await Stage.start(BEFORE);
  lane = new TestLane();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

/** Routes a frame of a table; returns the queues that are listed in the lane's item then. */
async function routed(runtime: RetryRuntime, table = "shop.payments"): Promise<string[]> {
  expect(await route(runtime, rawEvent([lane.frame([{ user: "app", table }])]))).toEqual([]);
  return [...(await runtime.effects.lanes.read(0)).troubled];
}

test.each(Object.entries(LEFT))(
  "a queue for which nothing is parked is no longer listed when %s",
  async (_title, after) => {
    const before = stage.runtimeWith(stage.clients);
    const gone = stage.breakQueue("staging", GONE);
    expect(await routed(before)).toEqual([QUEUE]);

    stage.deploy(after);
    const runtime = stage.runtimeWith(stage.clients);
    expect(await routed(runtime)).toEqual([QUEUE]);
    gone.remove();
    stage.clock.advance(MINUTE_MS / 3);
    await retry(runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1]);
    expect(await routed(runtime)).toEqual([QUEUE]);
    stage.clock.advance(MINUTE_MS);
    expect(await routed(runtime)).toEqual([]);
  },
);

test("frames without messages for a queue do not need the failures table", async () => {
  const before = stage.runtimeWith(stage.clients);
  stage.breakQueue("staging", GONE);
  await routed(before);
  stage.deploy(LEFT["its subscriber is removed"]);
  stage.aws.faults.add({
    service: "dynamodb",
    resource: "failures",
    effect: { kind: "error", code: "AccessDeniedException" },
  });
  expect(await routed(stage.runtimeWith(stage.clients))).toEqual([QUEUE]);
});
