import { expect, test } from "vitest";
import type { RouteEffects } from "../../../../functions/route/route-frames.ts";
import { recordRouter } from "../../../../functions/route/route-records.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { rawEvent } from "../../../support/functions/invoke.ts";
import { NEW_LANE } from "../../../support/functions/new-lane.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

const NEVER = new Promise<never>(() => undefined);

test("the sender learns the next large frame's messages while those before are on their way", async () => {
  const lane = new TestLane();
  const large = () => lane.frame(Array.from({ length: 4 }, () => ({ text: "x".repeat(100_000) })));
  const { Records: records } = rawEvent([large(), large()]);
  const learnt = Promise.withResolvers<void>();
  const events: string[] = [];
  const effects: RouteEffects = {
    lookUp: () => NEVER,
    noteDropped: () => NEVER,
    findClosed: () => Promise.resolve(new Set()),
    streams: { parkBehind: () => NEVER, park: () => NEVER, forget: () => NEVER },
    sender: {
      prepare(queueName, messages) {
        events.push(...messages.map(({ first }) => `learnt ${queueName} ${first}`));
        learnt.resolve();
      },
      async send(queueName, messages, onWaiting) {
        onWaiting?.();
        await learnt.promise;
        events.push(...messages.map(({ first }) => `sent ${queueName} ${first}`));
        return { kind: "sent" };
      },
    },
    lanes: {
      read: async () => NEW_LANE,
      async write(_from, next) {
        events.push(`written ${next.delivered}`);
        return { ...next, lane: 0, version: 1 };
      },
    },
  };
  const runtime = {
    source: SOURCE,
    rules: productionRules({ billing: { tables: ["shop.*"] } }),
    effects,
    payloads: { name: "none", put: () => NEVER, get: () => NEVER },
    now: () => 0,
  };
  const route = recordRouter(runtime, records, () => undefined);
  for (const record of records) expect(await route(record)).toMatchObject({ kind: "routed" });
  const [queue] = events[0]?.split(" ").slice(1) ?? [];
  expect(events).toEqual([
    `learnt ${queue} ${lane.position(5)}`,
    `sent ${queue} ${lane.position(1)}`,
    `written ${lane.position(4)}`,
    `sent ${queue} ${lane.position(5)}`,
    `written ${lane.position(8)}`,
  ]);
});
