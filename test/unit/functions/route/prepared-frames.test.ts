import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { dueFrame } from "../../../../functions/route/frames-together.ts";
import { PreparedFrames } from "../../../../functions/route/prepared-frames.ts";
import { SOURCE, TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

const rules = productionRules();

/** The numbers of changes in the prepared messages of a frame that was delivered up to `after`. */
function prepared(changes: readonly TestChange[], after: string | null): number[] | null {
  const frame = readFrame(new TestLane().frame(changes), SOURCE);
  const frames = new PreparedFrames();
  frames.prepare(frame, rules);
  const share = frames.of(dueFrame(frame, after, rules));
  return share && messagesIn(share.queues).map((message) => message.changes);
}

test("a frame's messages are made before its turn, of the changes that a queue wants", () => {
  expect(prepared([{}, { table: "other.orders" }, {}], null)).toEqual([2]);
});

test("they are not used when a part of the frame was delivered before", () => {
  expect(prepared([{}, {}, {}], new TestLane().position(1))).toBeNull();
  // Nobody wants the part that was delivered.
  expect(prepared([{ table: "other.orders" }, {}], new TestLane().position(1))).toEqual([1]);
});

test("none are made when an author is unknown", () => {
  expect(prepared([{}, { user: null }], null)).toBeNull();
});
