import { describe, expect, it } from "vitest";
import { type Bound, BoundCheck, type SetBack } from "../../../../operator/stretch/bounds.ts";
import type { RowChange, Transaction } from "../../../../reader/transactions/transaction.ts";
import { formatPosition } from "../../../../wire/position.ts";

const EPOCH = 3;

function check(from: Bound, to: Bound | null, after: string | null = null): BoundCheck {
  const end = { fileNumber: 9, offset: 0 };
  return new BoundCheck({ file: "mysql-bin.000001", from, to, end, after }, EPOCH);
}

/** Whether the bounds include a transaction at `start` whose only change is at `start + 10`. */
function includes(bounds: BoundCheck, start: number, committedUs = 0, row = 0): boolean {
  const transaction = { fileNumber: 1, start, committedUs } as Transaction;
  return bounds.includes(transaction, { offset: start + 10, row } as RowChange);
}

const place = (offset: number): Bound => ({ kind: "place", fileNumber: 1, offset });

function seen(bounds: BoundCheck): (SetBack | null)[] {
  return [4e6, 7e6, 6e6, 5_999_999].map((us) => bounds.see({ committedUs: us } as Transaction));
}

describe("the bounds of a stretch", () => {
  it("begin with the transaction at a place, and end before the one at a place", () => {
    const bounds = check(place(100), place(300));
    expect([50, 100, 200].map((start) => includes(bounds, start))).toEqual([false, true, true]);
    expect(bounds.hasEnded({ fileNumber: 1, offset: 299 })).toBe(false);
    expect(bounds.hasEnded({ fileNumber: 1, offset: 300 })).toBe(true);
    expect(includes(bounds, 300)).toBe(false);
    expect(bounds.isOver).toBe(true);
  });

  it("end behind a transaction that is named", () => {
    const bounds = check(place(100), { kind: "place", fileNumber: 1, offset: 200, isPassed: true });
    expect([100, 200].map((start) => includes(bounds, start))).toEqual([true, true]);
    expect(bounds.hasEnded({ fileNumber: 1, offset: 250 })).toBe(false);
    expect(includes(bounds, 300)).toBe(false);
    expect(bounds.hasEnded({ fileNumber: 1, offset: 310 })).toBe(true);
  });

  it("by times end with the first transaction committed later, whatever follows", () => {
    const bounds = check({ kind: "time", us: 5 }, { kind: "time", us: 8 });
    expect([4, 5, 7, 8, 7].map((us) => includes(bounds, us * 10, us))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    ["begins", (bound: Bound) => check(bound, null)],
    ["ends", (bound: Bound) => check(place(4), bound)],
  ])(
    "by times tell of a clock that was set back past the time where the stretch %s",
    (_, bounded) => {
      const setBack = { fromUs: 7e6, toUs: 5_999_999 };
      const at = (us: number): (SetBack | null)[] => seen(bounded({ kind: "time", us }));
      for (const us of [6e6, 7e6]) expect(at(us)).toEqual([null, null, null, setBack]);
      for (const us of [5e6, 5_999_999, 7_000_001, 8e6])
        expect(at(us)).toEqual([null, null, null, null]);
    },
  );

  it("by places do not depend on the clock", () => {
    expect(seen(check(place(4), place(9)))).toEqual([null, null, null, null]);
  });

  it("by times are exact where the clock was set back past none of them", () => {
    const times = [10, 20, 30, 15, 25, 40, 50].map((seconds) => seconds * 1e6);
    for (let us = 5e6; us <= 55e6; us += 5e6) {
      const bounds = check({ kind: "time", us }, null);
      const isAfter = times.map((time) => time >= us);
      const isOneStretch = isAfter.every((after, i) => after || isAfter[i - 1] !== true);
      const isRefused = times.some((time) => bounds.see({ committedUs: time } as Transaction));
      expect([us, isRefused]).toEqual([us, !isOneStretch]);
    }
  });

  it("leave out rows that were read before", () => {
    const after = formatPosition({ epoch: EPOCH, file: 1, offset: 110, row: 1 });
    const bounds = check(place(100), null, after);
    expect([0, 1, 2].map((row) => includes(bounds, 100, 0, row))).toEqual([false, false, true]);
    expect(includes(bounds, 200)).toBe(true);
  });

  it("end where the binlog ended", () => {
    expect(check(place(4), null).hasEnded({ fileNumber: 9, offset: 0 })).toBe(true);
  });
});
