import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sessionUpdates } from "../../../../wire/session-items.ts";
import { SERVER, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;
const THREAD = 24;

describe("changes whose author is unknown", () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.start();
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  test("are parked, and delivered in their own group when their session is recorded", async () => {
    const lane = new TestLane();
    const metrics = new CountingMetrics();
    await route(
      stage.runtime,
      rawEvent([
        lane.frame([{ user: null, thread: THREAD }, { user: "app_staging" }]),
        lane.frame([{ user: null, thread: THREAD }]),
      ]),
      metrics,
    );
    expect(metrics.totals.get("ChangesAttributed unattributed")).toBe(2);
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([2]);

    await learnSession("app_staging");
    stage.clock.advance(2 * MINUTE_MS);
    await retry(stage.runtime);

    const late = await stage.receiveAll("staging");
    expect(numbers(late)).toEqual([1, 3]);
    expect(late.map(({ group }) => group)).toEqual([
      expect.stringMatching(/^shop\.orders#late-24-/),
      expect.stringMatching(/^shop\.orders#late-24-/),
    ]);
    expect(late[0]?.changes[0]).toMatchObject({ user: "app_staging", attribution: "sweep" });
  });

  test("get their author from the sessions table when the frame does not name it", async () => {
    await learnSession("app_test");
    const frame = new TestLane().frame([{ user: null, thread: THREAD }]);
    await route(stage.runtime, rawEvent([frame]));
    const [message] = await stage.receiveAll("test");
    expect(message?.group).toBe("shop.orders");
  });

  test("are delivered once when the author becomes known between a crash and the repeat of the frame", async () => {
    const lane = new TestLane();
    const frame = lane.frame([{ user: null, thread: THREAD }, { user: "app_prod" }]);
    // The frame is parked for the thread, then fails before the delivered position moves.
    using fault = stage.aws.faults.add({
      service: "dynamodb",
      action: "UpdateItem",
      resource: "offsets",
      calls: 4,
      effect: { kind: "error", code: "InternalServerError" },
    });
    expect(await route(stage.runtime, rawEvent([frame]))).toHaveLength(1);
    expect(fault.strikes).toBe(4);

    await learnSession("app_staging");
    expect(await route(stage.runtime, rawEvent([frame]))).toEqual([]);
    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);

    expect(numbers(await stage.receiveAll("staging"))).toEqual([1]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([2]);
  });

  test("of a table without a subscriber are left out", async () => {
    const metrics = new CountingMetrics();
    const frame = new TestLane().frame([{ user: null, table: "other.logs" }]);
    await route(stage.runtime, rawEvent([frame]), metrics);
    expect(metrics.totals.get("ChangesParked")).toBeUndefined();
  });

  async function learnSession(user: string): Promise<void> {
    const connection = { server: SERVER, run: 1, thread: THREAD };
    const entries = [{ from: "", user, host: "10.0.0.1", attribution: "sweep" as const }];
    for (const update of sessionUpdates([{ connection, entries }], 0).values()) {
      await stage.clients.dynamodb.send(
        new UpdateItemCommand({ TableName: "sessions", ...update }),
      );
    }
  }
});
