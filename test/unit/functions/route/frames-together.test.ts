import { describe, expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { framesTogether } from "../../../../functions/route/frames-together.ts";
import { SOURCE, TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

const rules = productionRules();
const lane = new TestLane();

/** The numbers of the changes that are delivered together, by frame. */
function turns(delivered: string | null, frames: readonly string[]): number[][] {
  const read = frames.map((text) => readFrame(text, SOURCE));
  return framesTogether({ delivered, life: null }, read, rules).map(({ changes }) =>
    changes.map(({ offset }) => offset / 100),
  );
}

/** Frames of these changes, one after the other. */
function framesOf(...lists: readonly (readonly TestChange[])[]): string[] {
  const written = new TestLane();
  return lists.map((changes) => written.frame(changes));
}

describe("frames delivered together", () => {
  test("are those that follow one another", () => {
    const frames = framesOf([{}, {}], [{}], [{}]);
    expect(turns(null, frames)).toEqual([[1, 2], [3], [4]]);
    expect(turns(lane.position(1), frames)).toEqual([[2], [3], [4]]);
  });

  test("end before a gap and before a repeat", () => {
    const [one = "", two = "", three = ""] = framesOf([{}], [{}], [{}]);
    expect(turns(null, [one, three])).toEqual([[1]]);
    expect(turns(null, [one, two, one, three])).toEqual([[1], [2]]);
  });

  test("end before another life begins", () => {
    const former = new TestLane(0, 7, "a");
    const present = new TestLane(0, 8, "b");
    const frames = [former.frame([{}]), present.frameOf([{}], 2, former.position(1))];
    expect(turns(null, frames)).toEqual([[1]]);
    const sameLife = [former.frameOf([{}], 1, null), former.frameOf([{}], 2, former.position(1))];
    expect(turns(null, sameLife)).toEqual([[1], [2]]);
  });

  test("are empty when the first frame is not the next one of its lane", () => {
    const [one = "", two = ""] = framesOf([{}], [{}]);
    expect(turns(lane.position(1), [one, two])).toEqual([]);
    expect(turns(null, [two])).toEqual([]);
  });

  test("contain each change once when the reader has cut the stream differently", () => {
    const again = lane.frameOf([{}, {}, {}], 2, lane.position(1));
    expect(turns(null, [...framesOf([{}], [{}]), again])).toEqual([[1], [2], [3, 4]]);
  });

  test("all name their authors; a frame that does not is delivered alone", () => {
    const frames = framesOf([{}], [{}], [{ user: null }], [{}]);
    expect(turns(null, frames)).toEqual([[1], [2]]);
    expect(turns(lane.position(2), frames.slice(2))).toEqual([[3]]);
  });

  test("need no author for changes of a table without a subscriber", () => {
    const frames = framesOf([{}], [{ user: null, table: "other.t" }], [{}]);
    expect(turns(null, frames)).toEqual([[1], [], [3]]);
  });
});
