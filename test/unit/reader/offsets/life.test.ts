import { expect, test } from "vitest";
import { newLife, nextEpoch } from "../../../../reader/offsets/life.ts";

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

test("epochs fit into a position until the end of 2044", () => {
  expect(nextEpoch(0, Date.UTC(2044, 11, 31))).toBeLessThan(1_000_000);
});

test("two lives that begin at the same moment differ", () => {
  expect(newLife(0, NOW).life).not.toBe(newLife(0, NOW).life);
});
