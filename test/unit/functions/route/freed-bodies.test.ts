import { expect, test } from "vitest";
import { decodeRouting, encodeRouting } from "../../../../config/routing.ts";
import type { LaneState } from "../../../../functions/delivery/lanes-table.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { PreparedFrames } from "../../../../functions/route/prepared-frames.ts";
import { routeFrames, type RouteEffects } from "../../../../functions/route/route-frames.ts";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";

const NEVER = new Promise<never>(() => undefined);
const BEGINNING: LaneState = {
  lane: 0,
  delivered: null,
  life: null,
  others: new Map(),
  troubled: new Set(),
  version: 0,
};

const routing = decodeRouting(
  encodeRouting({
    environments: { production: { users: ["app_prod"] } },
    subscribers: { billing: { tables: ["shop.*"] }, search: { tables: ["shop.*"] } },
  }),
);
const rules = {
  environmentOf: environmentOf(routing),
  subscriptions: subscriptionsOf(SOURCE, routing),
};

test("messages are freed when their position is written, and sent again until then", async () => {
  const frame = readFrame(
    new TestLane().frame(Array.from({ length: 200 }, () => ({ text: "long ".repeat(20) }))),
    SOURCE,
  );
  const prepared = new PreparedFrames();
  prepared.prepare(frame, rules);
  const sent: OutgoingMessage[] = [];
  const texts: string[] = [];
  let isRefused = true;
  const effects: RouteEffects = {
    prepared,
    lookUp: () => NEVER,
    noteDropped: () => NEVER,
    streams: { parkBehind: () => NEVER, park: () => NEVER, forget: () => NEVER },
    sender: {
      async send(_queueName, messages) {
        for (const message of messages) {
          sent.push(message);
          texts.push(String(message.body));
        }
        return { kind: "sent" };
      },
    },
    lanes: {
      read: async () => BEGINNING,
      async write(_from, next) {
        if (isRefused) throw new Error("the table is not available");
        return { ...next, lane: 0, version: 1 };
      },
    },
  };

  await expect(routeFrames([frame], BEGINNING, rules, effects)).rejects.toThrow("not available");
  isRefused = false;
  await routeFrames([frame], BEGINNING, rules, effects);

  expect(texts).toHaveLength(4);
  expect(texts.slice(2)).toEqual(texts.slice(0, 2));
  expect(JSON.parse(texts[0] ?? "")).toMatchObject({ subscriber: "billing" });
  for (const { body } of sent) expect(() => String(body)).toThrow(RangeError);
});
