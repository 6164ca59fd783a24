import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { killAt } from "../../../support/functions/crashing.ts";
import { ofThisRelease, TestLane } from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;
const GONE = "AWS.SimpleQueueService.NonExistentQueue";

/** A configuration in which these users belong to staging. */
function withStaging(users: readonly string[]): RoutingInput {
  return {
    environments: { production: { users: ["app_prod"] }, staging: { users: [...users] } },
    subscribers: { billing: { tables: ["shop.*"] } },
    otherUsers: "drop",
  };
}

const BEFORE = withStaging(["app"]);
const AFTER = withStaging(["app", "cron"]);

/** When the queue recovers: before the frames come again, before retry runs, or behind both. */
const RECOVERIES = ["before", "between", "behind"] as const;

interface Kill {
  /** Whether the queue has something parked already. */
  readonly listed: boolean;
  readonly recovers: (typeof RECOVERIES)[number];
  readonly request: number;
  readonly when: "before" | "after";
}

describe("frames whose route function was killed, and that are repeated with more users", () => {
  let stage: Stage;
  let lanes: number;
  beforeEach(async () => {
    stage = await Stage.start(BEFORE);
    lanes = 0;
  });
  afterEach(async () => {
    await stage[Symbol.asyncDispose]();
  });

  test.for<{ title: string; frames: string[][] }>([
    { title: "within the others", frames: [["app", "cron", "app"]] },
    { title: "before the others", frames: [["cron", "app", "app"]] },
    { title: "behind the others", frames: [["app", "app", "cron"]] },
    { title: "around the others", frames: [["cron", "app", "cron"]] },
    { title: "in the first of two frames", frames: [["app", "cron"], ["app"]] },
  ])("reach a queue in trouble with all changes: $title", async ({ frames }) => {
    for (const listed of [false, true]) {
      for (const recovers of RECOVERIES) {
        let died = true;
        for (let request = 1; died; request++) {
          for (const when of ["before", "after"] as const) {
            died = await killedOnce(frames, { listed, recovers, request, when });
          }
        }
      }
    }
  });

  /** Returns whether the invocation made that request and was killed at it. */
  async function killedOnce(frames: readonly string[][], kill: Kill): Promise<boolean> {
    const { listed, recovers, request, when } = kill;
    const lane = new TestLane(lanes++, 1, "life");
    const table = `shop.orders_${lane.lane}`;
    const eventOf = (list: readonly string[][]) => {
      const texts = list.map((users) => lane.frame(users.map((user) => ({ table, user }))));
      return rawEvent(texts.map(ofThisRelease), `lane-${lane.lane}`);
    };

    stage.deploy(BEFORE);
    const before = stage.runtimeWith(stage.clients);
    const gone = stage.breakQueue("staging", GONE);
    if (listed) await route(before, eventOf([["app"]]));
    const earlier = listed ? 1 : 0;
    const event = eventOf(frames);
    const clients = stage.newClients();
    const { requests } = killAt(clients, request, when);
    await route(stage.runtimeWith(clients), event);
    for (const client of Object.values(clients)) client.destroy();
    if (recovers === "before") {
      gone.remove();
      stage.clock.advance(2 * MINUTE_MS);
      await retry(before);
    }
    if (recovers === "between") gone.remove();

    stage.deploy(AFTER);
    const after = stage.runtimeWith(stage.clients);
    // Frames that the killed function has delivered are done with.
    const { delivered } = await after.effects.lanes.read(lane.lane);
    expect(await route(after, event)).toEqual([]);
    if (recovers === "behind") gone.remove();
    for (let round = 0; round < 3; round++) {
      stage.clock.advance(20 * MINUTE_MS);
      await retry(after);
    }

    const wanted = frames
      .flat()
      .map((_user, index) => earlier + index + 1)
      .filter((number) => lane.position(number) > (delivered ?? ""));
    const arrived = new Set(numbers(await stage.receiveAll("staging"), table));
    const missing = wanted.filter((number) => !arrived.has(number));
    const stream = queueStream(lane.lane, "shop-billing-staging.fifo");
    const isOpen = (await after.items.read(stream))?.status === "open";
    expect({ kill, missing, isOpen }).toEqual({ kill, missing: [], isOpen: false });
    return requests() >= request;
  }
});
