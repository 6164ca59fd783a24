import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { PreparedFrames } from "../../../../functions/route/prepared-frames.ts";
import { routeFrames, type RouteEffects } from "../../../../functions/route/route-frames.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { NEW_LANE } from "../../../support/functions/new-lane.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

const NEVER = new Promise<never>(() => undefined);

const rules = productionRules({
  billing: { tables: ["shop.*"] },
  search: { tables: ["shop.*"] },
});

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
    findClosed: () => Promise.resolve(new Set()),
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
      read: async () => NEW_LANE,
      async write(_from, next) {
        if (isRefused) throw new Error("the table is not available");
        return { ...next, lane: 0, version: 1 };
      },
    },
  };

  await expect(routeFrames([frame], NEW_LANE, rules, effects)).rejects.toThrow("not available");
  isRefused = false;
  await routeFrames([frame], NEW_LANE, rules, effects);

  expect(texts).toHaveLength(4);
  expect(texts.slice(2)).toEqual(texts.slice(0, 2));
  expect(JSON.parse(texts[0] ?? "")).toMatchObject({ subscriber: "billing" });
  for (const { body } of sent) expect(() => String(body)).toThrow(RangeError);
});
