import { afterEach, beforeEach, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { killAt } from "../../../support/functions/crashing.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { rawEvent, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

const CHANGES = 2_100;
/** More requests than a slice takes, and far fewer than the frame. */
const REQUESTS_PER_INVOCATION = 700;
const MINUTE_MS = 60_000;

const ROUTING = {
  environments: { production: { users: ["app_prod"] } },
  subscribers: { search: { tables: ["shop.*"], format: "debezium" } },
} satisfies RoutingInput;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start(ROUTING);
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

test("a frame with more messages than an invocation can send is delivered by several invocations", async () => {
  const frame = new TestLane().frame(Array.from({ length: CHANGES }, () => ({})));
  let invocations = 0;
  for (let failed = true; failed; invocations++) {
    expect(invocations).toBeLessThan(10);
    const clients = stage.newClients();
    killAt(clients, REQUESTS_PER_INVOCATION, "after");
    failed = (await route(stage.runtimeWith(clients), rawEvent([frame]))).length > 0;
    // SQS has forgotten the deduplication ids: only the function's saved progress keeps it from
    // sending everything again.
    stage.clock.advance(6 * MINUTE_MS);
  }
  const messages = await stage.receiveAll("production", "search");
  const numbers = messages.map((message) => message.changes[0]?.source.pos ?? 0);
  const distinct = [...new Set(numbers)];
  expect(distinct).toEqual(Array.from({ length: CHANGES }, (_, index) => 100 * (index + 1)));
  console.log(
    `${CHANGES} messages in ${invocations} invocations, ${numbers.length - CHANGES} sent twice`,
  );
});
