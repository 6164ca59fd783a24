import { afterEach, beforeEach, expect, test } from "vitest";
import { aroundRequests } from "../../../support/functions/around-requests.ts";
import { killAt } from "../../../support/functions/crashing.ts";
import { TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

/** The changes of a frame that is delivered alone. */
const large = (user: string): TestChange[] =>
  Array.from({ length: 4 }, () => ({ user, text: "x".repeat(100_000) }));

let stage: Stage;
let lane: TestLane;
beforeEach(async () => {
  stage = await Stage.start();
  lane = new TestLane();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

/**
 * A runtime whose first send is not answered before the environment of `user` was looked up, which
 * happens when messages are made of this user's changes.
 */
function waitingFor(user: string) {
  const clients = stage.newClients();
  const isAsked = Promise.withResolvers<void>();
  let sends = 0;
  aroundRequests(clients.sqs, async (_request, send) => {
    const answer = await send();
    if (sends++ === 0) await isAsked.promise;
    return answer;
  });
  const runtime = stage.runtimeWith(clients);
  const { subscriptions, environmentOf } = runtime.rules;
  const asked = (name: string, host: string): string | null => {
    if (name === user) isAsked.resolve();
    return environmentOf(name, host);
  };
  const dependsOnHost = (name: string): boolean => environmentOf.dependsOnHost(name);
  return {
    ...runtime,
    rules: { subscriptions, environmentOf: Object.assign(asked, { dependsOnHost }) },
  };
}

test("while a large frame's messages are on their way, those of the next frame are made", async () => {
  const frames = [
    lane.frame(large("app_prod")),
    lane.frame(large("app_staging")),
    lane.frame([{}]),
  ];
  expect(await route(waitingFor("app_staging"), rawEvent(frames))).toEqual([]);
  expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3, 4, 9]);
  expect(numbers(await stage.receiveAll("staging"))).toEqual([5, 6, 7, 8]);
});

test("a frame without its author, and text that is no frame, wait for their turn", async () => {
  const metrics = new CountingMetrics();
  stage.aws.faults.add({
    service: "sqs",
    action: "SendMessage",
    effect: { kind: "delay", ms: 100 },
    calls: 1,
  });
  const first = lane.frame(large("app_prod"));
  const event = rawEvent([first, lane.frame([{ user: null }]), "no frame", lane.frame([{}])]);
  expect(await route(stage.runtime, event, metrics)).toEqual([]);
  expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3, 4, 6]);
  expect(metrics.totals.get("ChangesParked")).toBe(1);
  expect(metrics.totals.get("FramesMalformed")).toBe(1);
});

/** Makes each send last until the next frame's messages are made. */
function slowSends() {
  const effect = { kind: "lasts", ms: 60 } as const;
  return stage.aws.faults.add({ service: "sqs", action: "SendMessage", effect });
}

test("the next large frame's first message is sent before the position is written", async () => {
  slowSends();
  const clients = stage.newClients();
  const requests: string[] = [];
  for (const client of [clients.sqs, clients.dynamodb])
    aroundRequests(client, async ({ headers }, send) => {
      requests.push(String(headers["x-amz-target"]?.split(".")[1]));
      return await send();
    });
  const event = rawEvent([1, 2].map(() => lane.frame(large("app_prod"))));
  expect(await route(stage.runtimeWith(clients), event)).toEqual([]);
  expect(requests).toEqual(["GetItem", "SendMessage", "SendMessage", "UpdateItem", "UpdateItem"]);
  expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test(
  "killed at any of these requests, and with a queue that refuses the repeat, it delivers each change once and in order",
  { timeout: 120_000 },
  async () => {
    let died = true;
    for (let request = 1; died; request++) {
      for (const when of ["before", "after"] as const) {
        const own = new TestLane(request * 2 + (when === "after" ? 1 : 0));
        const group = `lane-${own.lane}`;
        const event = rawEvent(
          [1, 2, 3].map(() => own.frame(large("app_prod"))),
          group,
        );
        const slow = slowSends();
        const clients = stage.newClients();
        const { requests } = killAt(clients, request, when);
        const failed = await route(stage.runtimeWith(clients), event);
        for (const client of Object.values(clients)) client.destroy();
        slow.remove();
        died = requests() >= request;

        const forbidden = stage.breakQueue("production", "AccessDenied");
        const left = event.Records.filter(({ messageId }) => failed.includes(messageId));
        if (left.length > 0) expect(await route(stage.runtime, { Records: left })).toEqual([]);
        forbidden.remove();
        stage.clock.advance(2 * 60_000);
        await retry(stage.runtime);
        const arrived = numbers(await stage.receiveAll("production"));
        expect(arrived).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
      }
    }
  },
);
