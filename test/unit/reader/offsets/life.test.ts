import { expect, test } from "vitest";
import { newLife, nextEpoch } from "../../../../reader/offsets/life.ts";
import { formatPosition } from "../../../../wire/position.ts";

const NOW = Date.UTC(2026, 10, 28, 5);

test("the first epoch in a new table is later than the epochs that an older table drew", () => {
  const earlier = nextEpoch(0, NOW);
  expect(nextEpoch(0, NOW + 600_000)).toBeGreaterThan(earlier);
  expect(earlier).toBeGreaterThan(40_000);
});

test("an epoch is later than the previous one in the same table, whatever the clock says", () => {
  expect(nextEpoch(70_000, NOW)).toBe(70_001);
  expect(nextEpoch(3, 0)).toBe(4);
  expect(nextEpoch(0, 0)).toBe(1);
});

test("an epoch fits into a position, also while the clock is decades ahead and after that", () => {
  const ahead = nextEpoch(0, Date.UTC(2100, 0, 1));
  const position = { file: 1, offset: 4, row: 0 };
  expect(() => formatPosition({ epoch: ahead, ...position })).not.toThrow();
  expect(() => formatPosition({ epoch: nextEpoch(ahead, NOW), ...position })).not.toThrow();
});

test("two lives that begin at the same moment differ", () => {
  expect(newLife(0, NOW).life).not.toBe(newLife(0, NOW).life);
});
