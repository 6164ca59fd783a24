import fc from "fast-check";
import { expect, test } from "vitest";
import { Deadlines, type Deadline } from "../../../time/deadlines.ts";

test("the first deadline is the earliest after any additions and removals", () => {
  const step = fc.oneof(
    fc.record({ add: fc.nat(50) }),
    fc.record({ remove: fc.nat() }),
  ) as fc.Arbitrary<{ add?: number; remove?: number }>;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const deadlines = new Deadlines<number>();
      let present: Deadline<number>[] = [];
      for (const { add, remove = 0 } of steps) {
        if (add !== undefined) {
          present.push(deadlines.add(add, add));
        } else {
          const removed = present[remove % Math.max(1, present.length)];
          if (removed === undefined) continue;
          deadlines.remove(removed);
          deadlines.remove(removed);
          present = present.filter((other) => other !== removed);
        }
        const earliest =
          present.length === 0 ? undefined : Math.min(...present.map(({ atMs }) => atMs));
        expect(deadlines.first?.atMs).toBe(earliest);
      }
    }),
  );
});
