import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainStep } from "../../../../functions/frame/chain.ts";
import { formatPosition } from "../../../../wire/position.ts";

const at = (offset: number, epoch = 1) => formatPosition({ epoch, file: 1, offset, row: 0 });
const frame = (first: number, last: number, previous: number | null) => ({
  first: at(first),
  last: at(last),
  previous: previous === null ? null : at(previous),
});

describe("the position chain", () => {
  test("takes a lane's first frame only when it says that it is the first", () => {
    expect(chainStep(null, frame(1, 3, null))).toEqual({ kind: "deliver", after: null });
    expect(chainStep(null, frame(4, 6, 3))).toEqual({ kind: "gap" });
  });

  test("takes the next frame", () => {
    expect(chainStep(at(3), frame(4, 6, 3))).toEqual({ kind: "deliver", after: at(3) });
  });

  test("drops what was delivered", () => {
    expect(chainStep(at(6), frame(4, 6, 3))).toEqual({ kind: "repeat" });
    expect(chainStep(at(9), frame(1, 3, null))).toEqual({ kind: "repeat" });
  });

  test("delivers the rest of a frame that was cut differently", () => {
    expect(chainStep(at(5), frame(4, 8, 3))).toEqual({ kind: "deliver", after: at(5) });
    expect(chainStep(at(2), frame(1, 8, null))).toEqual({ kind: "deliver", after: at(2) });
  });

  test("finds nothing missing when the frame's predecessor lies before what was delivered", () => {
    expect(chainStep(at(5), frame(7, 8, 3))).toEqual({ kind: "deliver", after: at(5) });
  });

  test("stops at a gap", () => {
    expect(chainStep(at(3), frame(7, 9, 6))).toEqual({ kind: "gap" });
    expect(chainStep(at(3), frame(7, 9, null))).toEqual({ kind: "gap" });
  });

  test("takes a beginning in a later epoch, which only an operator makes", () => {
    const beginning = { first: at(1, 2), last: at(2, 2), previous: null };
    expect(chainStep(at(9, 1), beginning)).toEqual({ kind: "deliver", after: at(9, 1) });
  });

  test("delivers every change once, however the stream is cut, cut again and repeated", () => {
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
            const step = chainStep(delivered, frame(first, last, first === 1 ? null : first - 1));
            expect(step.kind).not.toBe("gap");
            if (step.kind === "deliver") {
              for (let n = first; n <= last; n++) if (at(n) > (step.after ?? "")) got.push(n);
              delivered = at(last);
            }
            first = last + 1;
          }
        };
        read(0, sizes);
        // A reader starts again from an offset that is never beyond what it has sent.
        for (const [back, lengths] of again) read(Math.max(0, got.length - back), lengths);
        expect(got).toEqual(got.map((_n, index) => index + 1));
      }),
    );
  });
});
