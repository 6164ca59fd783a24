import { describe, expect, test } from "vitest";
import type { Mark } from "../../../../../infra/local/demo/mark.ts";
import { markOf } from "../../../../../infra/local/demo/mark.ts";
import { isClean, Tally } from "../../../../../infra/local/demo/tally.ts";

const staging = (number: number, op: Mark["op"] = "c", row = number): Mark => ({
  writtenBy: "staging",
  op,
  table: "orders",
  row,
  number,
});

function tallyOfStaging(): Tally {
  return new Tally([
    { environment: "staging", subscriber: "billing", wants: (table) => table === "orders" },
    { environment: "test", subscriber: "billing", wants: () => true },
  ]);
}

function receive(tally: Tally, mark: Mark, atMs = 0, environment = "staging"): void {
  tally.received(environment, "billing", { mark, attribution: "ledger", atMs });
}

describe("the tally", () => {
  test("is clean when every change arrives once in its environment, whichever side reports first", () => {
    const tally = tallyOfStaging();
    tally.committed([staging(1)], 100);
    receive(tally, staging(1), 130);
    receive(tally, staging(2), 200);
    tally.committed([staging(2)], 210);
    expect(tally.verdict()).toEqual({
      foreign: 0,
      missing: 0,
      repeated: 0,
      outOfOrder: 0,
      parked: 0,
      unattributed: 0,
      faults: 0,
    });
    expect(isClean(tally.verdict())).toBe(true);
    expect(tally.checks[0]).toMatchObject({
      written: 2,
      delivered: 2,
      newestDelayMs: 0,
      longestDelayMs: 30,
    });
    expect([...tally.attributions]).toEqual([["ledger", 2]]);
  });

  test("counts what did not arrive as missing", () => {
    const tally = tallyOfStaging();
    tally.committed([staging(1)], 0);
    expect(tally.verdict().missing).toBe(1);
    expect(isClean(tally.verdict())).toBe(false);
  });

  test("expects nothing of a table that the subscriber does not want", () => {
    const tally = tallyOfStaging();
    tally.committed([{ ...staging(1), table: "payments" }], 0);
    expect(tally.verdict().missing).toBe(0);
  });

  test("counts another environment's change as foreign", () => {
    const tally = tallyOfStaging();
    tally.committed([staging(1)], 0);
    receive(tally, staging(1));
    receive(tally, staging(1), 0, "test");
    expect(tally.verdict()).toMatchObject({ foreign: 1, repeated: 0, missing: 0 });
    expect(isClean(tally.verdict())).toBe(false);
  });

  test("counts a repeat, however late it arrives", () => {
    const tally = tallyOfStaging();
    for (let number = 1; number <= 20_000; number++) {
      tally.committed([staging(number)], 0);
      receive(tally, staging(number));
    }
    receive(tally, staging(1));
    expect(tally.verdict()).toMatchObject({ repeated: 1, missing: 0 });
    expect(isClean(tally.verdict())).toBe(false);
  });

  test("does not count a deletion as a repeat, although it carries the number of the change before it", () => {
    const tally = tallyOfStaging();
    tally.committed([staging(1, "c", 7)], 0);
    tally.committed([staging(1, "d", 7)], 0);
    receive(tally, staging(1, "c", 7));
    receive(tally, staging(1, "d", 7));
    expect(tally.verdict()).toMatchObject({ repeated: 0, missing: 0, outOfOrder: 0 });
  });

  test("sees when a row's changes arrive in another order", () => {
    const tally = tallyOfStaging();
    receive(tally, staging(1, "c", 7));
    receive(tally, staging(3, "u", 7));
    receive(tally, staging(2, "u", 7));
    expect(tally.verdict().outOfOrder).toBe(1);
  });

  test("counts changes in failure records as parked, not as missing", () => {
    const tally = tallyOfStaging();
    tally.committed([staging(1), staging(2)], 0);
    tally.setParked([{ mark: staging(1), subscriber: null, reason: "unattributed" }]);
    expect(tally.verdict()).toMatchObject({ parked: 1, missing: 1 });
    expect(tally.waiting).toBe(1);
    tally.setParked([
      { mark: staging(1), subscriber: "billing", reason: "throttled" },
      { mark: staging(2), subscriber: "search", reason: "throttled" },
    ]);
    expect(tally.verdict()).toMatchObject({ parked: 1, missing: 1 });
  });
});

describe("a change's mark", () => {
  const source = { table: "orders" };
  const image = { id: 4, written_by: "staging", change_no: 9 };

  test("is read from whichever row image the change has", () => {
    const mark = { writtenBy: "staging", table: "orders", row: 4, number: 9 };
    expect(markOf({ op: "c", before: null, after: image, source })).toEqual({ ...mark, op: "c" });
    expect(markOf({ op: "d", before: image, after: null, source })).toEqual({ ...mark, op: "d" });
  });

  test("is missing from rows that other programs wrote, and from other operations", () => {
    const foreign = { id: 4, written_by: null, change_no: null };
    expect(markOf({ op: "c", before: null, after: foreign, source })).toBeUndefined();
    expect(markOf({ op: "ddl", before: null, after: null, source })).toBeUndefined();
  });
});
