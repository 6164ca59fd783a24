import { expect, test } from "vitest";
import { MOST_UNSAVED, RowNumbers } from "../../../../reader/snapshot/row-numbers.ts";

const at = (offset: number) => ({ file: "binlog.000002", fileNumber: 2, offset });

test("row numbers count up at one position, and begin with 0 at the next one", () => {
  const numbers = RowNumbers.begin(undefined, at(100));
  expect([numbers.take(at(200)), numbers.take(at(200)), numbers.take(at(300))]).toEqual([0, 1, 0]);
});

test("row numbers at the end of the binlog leave room for numbers that an earlier attempt did not save", () => {
  const first = RowNumbers.begin(undefined, at(100));
  const used = first.take(at(100));
  const second = RowNumbers.begin(undefined, at(100)); // the first attempt saved and sent nothing
  expect(second.take(at(100))).toBe(used);

  const third = RowNumbers.begin(first.free, at(100));
  expect(third.take(at(100))).toBeGreaterThan(used + MOST_UNSAVED);
});

test("row numbers begin after all that an earlier attempt may have sent at an unsaved position", () => {
  const first = RowNumbers.begin(undefined, at(100));
  const saved = first.free;
  let last = 0;
  for (let i = 0; i < 1000; i++) last = first.take(at(200));
  expect(RowNumbers.begin(saved, at(200)).take(at(200))).toBeGreaterThan(last + MOST_UNSAVED);
});

test("hasRoom is false when a position has too few numbers left", () => {
  const saved = { ...at(100), next: 8_995_000_000 };
  const numbers = RowNumbers.begin(saved, at(100));
  expect(numbers.hasRoom(at(100), 10)).toBe(false);
  expect(numbers.hasRoom(at(101), 10)).toBe(true);
});
