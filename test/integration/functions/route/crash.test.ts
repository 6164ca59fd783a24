import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { killAt } from "../../../support/functions/crashing.ts";
import { TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;

/**
 * Changes for a healthy queue, a failing queue, a queue that has recovered, and an unknown
 * connection.
 */
const changes: readonly TestChange[] = [
  { user: "app_prod" },
  { user: "app_staging" },
  { user: "app_test" },
  { user: null, thread: 99 },
  { user: "app_staging" },
  { user: "app_prod", table: "shop.payments" },
];

/**
 * How the changes are divided into frames, and the numbers of returning frames that SQS delivers in
 * each batch.
 */
const cases = [
  { title: "one frame", frames: [changes], again: [1] },
  {
    title: "a frame for each change, and their repeats together",
    frames: changes.map((change) => [change]),
    again: [6],
  },
  {
    title: "a frame for each change, and their repeats one by one",
    frames: changes.map((change) => [change]),
    again: [1, 1, 1, 1, 1, 1],
  },
  {
    title: "frames delivered together, and their repeats together with others",
    frames: [changes.slice(0, 2), changes.slice(2, 3), changes.slice(4, 5), changes.slice(5)],
    again: [1, 2, 1],
  },
];

describe("a route function that is killed before or after any request", () => {
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

  test.for(cases)(
    "has delivered every change once and in order after the repeat: $title",
    async ({ frames, again }) => {
      let died = true;
      for (let request = 1; died; request++) {
        for (const when of ["before", "after"] as const) {
          died = await killedOnce(frames, again, request, when);
        }
        counts.push(request);
      }
    },
  );

  /** Returns whether the invocation made that request and was killed at it. */
  async function killedOnce(
    frames: readonly (readonly TestChange[])[],
    again: readonly number[],
    request: number,
    when: "before" | "after",
  ): Promise<boolean> {
    const lane = new TestLane(request * 2 + (when === "after" ? 1 : 0));
    const group = `lane-${lane.lane}`;
    const table = (name: string) => `shop.${name}_${lane.lane}`;
    const own = (list: readonly TestChange[]) =>
      list.map((change) => ({ ...change, table: table(change.table ?? "orders") }));
    // The lane has earlier parked a message for `test`, which has been delivered since.
    const forbidden = stage.breakQueue("test", "AccessDenied");
    await route(stage.runtime, rawEvent([lane.frame(own([{ user: "app_test" }]))], group));
    forbidden.remove();
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    const gone = stage.breakQueue("staging", "AWS.SimpleQueueService.NonExistentQueue");

    const { Records: records } = rawEvent(
      frames.map((list) => lane.frame(own(list))),
      group,
    );
    const clients = stage.newClients();
    const { requests } = killAt(clients, request, when);
    const failed = await route(stage.runtimeWith(clients), { Records: records });
    for (const client of Object.values(clients)) client.destroy();
    const died = requests() >= request;
    const left = records.slice(records.length - failed.length);
    expect(left.map(({ messageId }) => messageId)).toEqual(failed);
    if (died) expect(failed).not.toEqual([]);
    else expect(failed).toEqual([]);

    gone.remove();
    for (const count of again) {
      const given = { Records: left.splice(0, count) };
      expect(await route(stage.runtime, given)).toEqual([]);
    }
    expect(left).toEqual([]);
    await route(stage.runtime, rawEvent([lane.frame(own([{ user: "app_staging" }]))], group));
    stage.clock.advance(2 * MINUTE_MS);
    await retry(stage.runtime);

    const written = [{ user: "app_test" }, ...frames.flat(), { user: "app_staging" }];
    const numbersOf = (user: string) =>
      written.flatMap((change: TestChange, index) =>
        change.user === user && change.table === undefined ? [index + 1] : [],
      );
    const arrived = async (environment: string) =>
      numbers(await stage.receiveAll(environment), table("orders"));
    expect(await arrived("production")).toEqual(numbersOf("app_prod"));
    expect(await arrived("staging")).toEqual(numbersOf("app_staging"));
    expect(await arrived("test")).toEqual(numbersOf("app_test"));
    return died;
  }
});
