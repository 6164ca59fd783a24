import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chainStep,
  endOf,
  endOfGap,
  type LanePosition,
} from "../../../../functions/frame/chain.ts";
import { formatPosition, type PositionText } from "../../../../wire/position.ts";

const at = (offset: number, epoch = 1) => formatPosition({ epoch, file: 1, offset, row: 0 });
const frame = (first: number, last: number, previous: number | null) => ({
  first: at(first),
  last: at(last),
  previous: previous === null ? null : at(previous),
});

/** The chain's decision on a frame of the last release, whose lives have no names. */
const step = (
  delivered: PositionText | null,
  next: Omit<Parameters<typeof chainStep>[1], "life">,
) => chainStep({ delivered, life: null }, next);

describe("the position chain", () => {
  test("accepts a lane's first frame only when the frame says that it is the first", () => {
    expect(step(null, frame(1, 3, null))).toEqual({ kind: "deliver", after: null });
    expect(step(null, frame(4, 6, 3))).toEqual({ kind: "gap" });
  });

  test("accepts the next frame", () => {
    expect(step(at(3), frame(4, 6, 3))).toEqual({ kind: "deliver", after: at(3) });
  });

  test("drops a frame that was delivered", () => {
    expect(step(at(6), frame(4, 6, 3))).toEqual({ kind: "repeat" });
    expect(step(at(9), frame(1, 3, null))).toEqual({ kind: "repeat" });
  });

  test("delivers the rest of a frame that was cut differently", () => {
    expect(step(at(5), frame(4, 8, 3))).toEqual({ kind: "deliver", after: at(5) });
    expect(step(at(2), frame(1, 8, null))).toEqual({ kind: "deliver", after: at(2) });
  });

  test("finds no gap when the frame's predecessor ends before the delivered position", () => {
    expect(step(at(5), frame(7, 8, 3))).toEqual({ kind: "deliver", after: at(5) });
  });

  test("stops at a gap", () => {
    expect(step(at(3), frame(7, 9, 6))).toEqual({ kind: "gap" });
    expect(step(at(3), frame(7, 9, null))).toEqual({ kind: "gap" });
  });

  test("accepts a beginning in a later epoch, which only an operator causes", () => {
    const beginning = { first: at(1, 2), last: at(2, 2), previous: null };
    expect(step(at(9, 1), beginning)).toEqual({ kind: "deliver", after: null });
  });

  test("delivers every change once, however the stream is cut and repeated", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
    const restarts = fc.array(fc.tuple(fc.nat(30), cuts), { maxLength: 4 });
    fc.assert(
      fc.property(cuts, restarts, (sizes, again) => {
        let delivered: string | null = null;
        const got: number[] = [];
        const read = (from: number, lengths: readonly number[]) => {
          let first = from + 1;
          for (const length of lengths) {
            const last = first + length - 1;
            const taken = step(delivered, frame(first, last, first === 1 ? null : first - 1));
            expect(taken.kind).not.toBe("gap");
            if (taken.kind === "deliver") {
              for (let n = first; n <= last; n++) if (at(n) > (taken.after ?? "")) got.push(n);
              delivered = at(last);
            }
            first = last + 1;
          }
        };
        read(0, sizes);
        // A restarted reader never resumes beyond what it has sent.
        for (const [back, lengths] of again) read(Math.max(0, got.length - back), lengths);
        expect(got).toEqual(got.map((_n, index) => index + 1));
      }),
    );
  });
});

const lane = (offset: number, epoch: number, life: string | null) => ({
  delivered: at(offset, epoch),
  life,
});
/** The position of a lane after it has delivered all these frames. */
const after = (...frames: readonly ReturnType<typeof of>[]): LanePosition => {
  let reached: LanePosition = { delivered: null, life: null, others: new Map() };
  for (const next of frames) {
    expect(chainStep(reached, next).kind).toBe("deliver");
    reached = endOf(reached, next);
  }
  return reached;
};
const of = (
  life: string | undefined,
  epoch: number,
  [first, last]: readonly [number, number],
  previous: PositionText | null,
) => ({
  first: at(first, epoch),
  last: at(last, epoch),
  previous,
  ...(life !== undefined && { life }),
});

describe("the position chain over several lives", () => {
  test("drops no change of another life because of its position", () => {
    // Two lives have the same epoch: two offsets tables chose it within ten minutes.
    expect(chainStep(lane(9, 5, "a"), of("b", 5, [1, 2], null))).toEqual({
      kind: "deliver",
      after: null,
    });
    expect(chainStep(lane(9, 5, "a"), of("b", 5, [1, 2], at(8, 4)))).toEqual({ kind: "gap" });
    expect(chainStep(lane(9, 5, "a"), of("a", 5, [1, 2], null))).toEqual({ kind: "repeat" });
  });

  test("continues in a later life from the delivered position of the former one", () => {
    const first = of("b", 6, [1, 2], at(9, 5));
    expect(chainStep(lane(9, 5, "a"), first)).toEqual({ kind: "deliver", after: null });
    expect(chainStep(lane(8, 5, "a"), first)).toEqual({ kind: "gap" });
    // The lane does not say that it was delivered in that life.
    expect(chainStep(lane(3, 7, "c"), first)).toEqual({ kind: "gap" });
  });

  test("accepts another life's first frame without a predecessor, be the life later or earlier", () => {
    for (const epoch of [4, 6])
      expect(chainStep(lane(9, 5, "a"), of("b", epoch, [1, 2], null))).toEqual({
        kind: "deliver",
        after: null,
      });
  });

  test("drops no late frame because an earlier release's item does not name its life", () => {
    const [first, next] = [of(undefined, 4, [1, 2], null), of(undefined, 4, [3, 4], at(2, 4))];
    const before: LanePosition = { delivered: at(9, 5), life: null };
    expect(chainStep(before, next)).toEqual({ kind: "gap" });
    expect(chainStep(before, first)).toEqual({ kind: "deliver", after: null });
    const reached = endOf(before, first);
    expect(chainStep(reached, next)).toEqual({ kind: "deliver", after: at(2, 4) });
    expect(chainStep(reached, of(undefined, 5, [10, 11], at(9, 5)))).toMatchObject({
      kind: "deliver",
    });
  });

  test("identifies a life without a name by its epoch, in frames and lanes of the last release", () => {
    // The last release of the function moved the lane while the reader was of the new release.
    expect(chainStep(lane(3, 5, null), of("a", 5, [4, 6], at(3, 5)))).toEqual({
      kind: "deliver",
      after: at(3, 5),
    });
    expect(chainStep(lane(6, 5, null), of("a", 5, [4, 6], at(3, 5)))).toEqual({ kind: "repeat" });
    expect(chainStep(lane(3, 1, null), of("a", 5, [1, 2], at(3, 1)))).toMatchObject({
      kind: "deliver",
    });
    expect(chainStep(lane(2, 5, "a"), of(undefined, 1, [4, 6], at(3, 1)))).toEqual({ kind: "gap" });
  });

  test("delivers an earlier life's late frames behind an accepted gap, which leaves the life open", () => {
    const reached = { ...after(of("a", 5, [1, 9], null), of("b", 6, [1, 2], null)), life: null };
    expect(chainStep(reached, of("a", 5, [10, 12], at(9, 5)))).toEqual({
      kind: "deliver",
      after: at(9, 5),
    });
    expect(chainStep(reached, of("a", 5, [8, 9], at(7, 5)))).toEqual({ kind: "repeat" });
    expect(chainStep(reached, of("b", 6, [3, 4], at(2, 6)))).toMatchObject({ kind: "deliver" });
  });

  test("delivers the last release's late frames behind a later life, once", () => {
    const reached = after(of(undefined, 1, [1, 3], null), of("b", 6, [1, 2], null));
    const late = of(undefined, 1, [4, 6], at(3, 1));
    expect(chainStep(reached, late)).toEqual({ kind: "deliver", after: at(3, 1) });
    expect(
      chainStep(after(of(undefined, 1, [1, 6], null), of("b", 6, [1, 2], null)), late),
    ).toEqual({ kind: "repeat" });
    const twice = endOf(reached, late);
    expect(chainStep(twice, late)).toEqual({ kind: "repeat" });
    expect(chainStep(twice, of("b", 6, [1, 2], null))).toEqual({ kind: "repeat" });
    expect(chainStep(twice, of("b", 6, [3, 4], at(2, 6)))).toMatchObject({ kind: "deliver" });
  });

  test("continues a life whose reader was of the last release for a while", () => {
    const reached = after(
      of("a", 5, [1, 3], null),
      of(undefined, 5, [4, 6], at(3, 5)),
      of("a", 5, [7, 9], at(6, 5)),
    );
    expect(reached).toMatchObject({ delivered: at(9, 5), life: "a" });
    expect(chainStep(reached, of("c", 8, [1, 2], at(9, 5)))).toMatchObject({ kind: "deliver" });
  });

  test("drops only the delivered changes of an earlier life", () => {
    const former = of("a", 5, [1, 9], null);
    const reached = after(former, of("b", 6, [1, 2], null));
    expect(chainStep(reached, former)).toEqual({ kind: "repeat" });
    expect(chainStep(reached, of("a", 5, [8, 12], at(7, 5)))).toEqual({
      kind: "deliver",
      after: at(9, 5),
    });
    expect(chainStep(reached, of("a", 5, [13, 14], at(12, 5)))).toEqual({ kind: "gap" });
    // A life of another offsets table: its epoch may be lower than those of lives before it.
    expect(chainStep(reached, of("c", 4, [1, 2], null))).toEqual({ kind: "deliver", after: null });
    expect(chainStep(reached, of("c", 4, [5, 6], at(2, 4)))).toEqual({ kind: "gap" });
  });

  test("continues each life from its own delivered position", () => {
    const reached = after(
      of("a", 5, [1, 9], null),
      of("b", 6, [1, 2], null),
      of("a", 5, [10, 12], at(9, 5)),
      of("b", 6, [3, 4], at(2, 6)),
    );
    expect(reached).toEqual({
      delivered: at(4, 6),
      life: "b",
      others: new Map([["a", at(12, 5)]]),
    });
  });

  test("moves only its own life's position by a late frame of a life before", () => {
    const reached = after(
      of("a", 5, [1, 9], null),
      of("b", 6, [1, 2], null),
      of("a", 5, [10, 12], at(9, 5)),
    );
    expect(reached).toEqual({
      delivered: at(2, 6),
      life: "b",
      others: new Map([["a", at(12, 5)]]),
    });
  });

  test("delivers the first frame of a later life behind late frames without a name", () => {
    const reached = after(
      of(undefined, 1, [1, 3], null),
      of("a", 5, [1, 12], null),
      of(undefined, 1, [4, 6], at(3, 1)),
      of("c", 8, [1, 2], at(12, 5)),
    );
    expect(reached).toMatchObject({ delivered: at(2, 8), life: "c" });
  });

  test("finds a life that an accepted gap left without a name, by its epoch", () => {
    const gap = endOfGap(after(of("b", 6, [1, 50], null)), at(60, 6));
    const reached = endOf(gap, of("c", 7, [1, 2], at(60, 6)));
    expect(chainStep(reached, of("b", 6, [1, 50], null))).toEqual({ kind: "repeat" });
    expect(chainStep(reached, of("b", 6, [51, 60], at(50, 6)))).toEqual({ kind: "repeat" });
    const late = of("b", 6, [61, 62], at(60, 6));
    expect(chainStep(reached, late)).toEqual({ kind: "deliver", after: at(60, 6) });
    expect(endOf(reached, late).others).toEqual(new Map([["b", at(62, 6)]]));
  });

  test("remembers the former life behind a gap that is accepted into a later one", () => {
    const former = [of("b", 6, [1, 50], null), of("b", 6, [51, 60], at(50, 6))] as const;
    const reached = endOfGap(after(...former), at(3, 7));
    for (const earlier of former) expect(chainStep(reached, earlier)).toEqual({ kind: "repeat" });
    const next = of("c", 7, [4, 6], at(3, 7));
    expect(chainStep(reached, next)).toEqual({ kind: "deliver", after: at(3, 7) });
    expect(endOf(reached, next)).toEqual({
      delivered: at(6, 7),
      life: "c",
      others: new Map([["b", at(60, 6)]]),
    });
  });

  test("compares the predecessor with the delivered position of its own epoch", () => {
    const reached = after(of("a", 5, [1, 9], null), of("z", 7, [1, 50], null));
    expect(chainStep(reached, of("c", 8, [1, 2], at(9, 5)))).toMatchObject({ kind: "deliver" });
    expect(chainStep(reached, of("c", 8, [1, 2], at(10, 5)))).toEqual({ kind: "gap" });
    expect(chainStep(reached, of("c", 8, [1, 2], at(60, 7)))).toEqual({ kind: "gap" });
  });

  test("takes a second beginning of a life behind its first one, once its name proves the life", () => {
    // The first reader sent [1, 3] and was killed before it saved that; the next one begins again.
    const first = of("a", 5, [1, 3], null);
    const again = of("a", 5, [7, 9], null);
    expect(chainStep(after(first), again)).toEqual({ kind: "deliver", after: at(3, 5) });
    expect(chainStep(after(first), of("a", 5, [2, 9], null))).toMatchObject({ after: at(3, 5) });
    expect(chainStep(after(first, again), first)).toEqual({ kind: "repeat" });
    const former = after(first, of("b", 6, [1, 2], null));
    expect(chainStep(former, again)).toEqual({ kind: "deliver", after: at(3, 5) });
    expect(endOf(former, again)).toMatchObject({ life: "b", others: new Map([["a", at(9, 5)]]) });
  });

  test("takes a second beginning for a gap where only the epoch says that the life is the same", () => {
    const again = of("a", 5, [7, 9], null);
    const nameless = of(undefined, 5, [7, 9], null);
    expect(chainStep(lane(3, 5, null), again)).toEqual({ kind: "gap" });
    expect(chainStep(lane(3, 5, "a"), nameless)).toEqual({ kind: "gap" });
    const twins = { ...lane(3, 5, null), others: new Map([["a", at(1, 5)]]) };
    expect(chainStep(twins, again)).toEqual({ kind: "gap" });
    const former = after(of(undefined, 5, [1, 3], null), of("b", 6, [1, 2], null));
    expect(chainStep(former, again)).toEqual({ kind: "gap" });
  });

  test("remembers only the latest lives", () => {
    const lives = Array.from({ length: 40 }, (_, n) => of(`life ${n}`, n + 1, [1, 2], null));
    const { others } = after(...lives);
    expect(others?.size).toBe(20);
    expect(others?.has("life 38")).toBe(true);
    expect(others?.has("life 0")).toBe(false);
  });
});
