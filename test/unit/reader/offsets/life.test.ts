import { expect, test } from "vitest";
import { newLife, nextEpoch } from "../../../../reader/offsets/life.ts";

const NOW = Date.UTC(2026, 10, 28, 5);

test("a fresh table's first epoch lies behind those that another table drew earlier", () => {
  const earlier = nextEpoch(0, NOW);
  expect(nextEpoch(0, NOW + 600_000)).toBeGreaterThan(earlier);
  expect(earlier).toBeGreaterThan(40_000);
});

test("an epoch is later than the one before it in the same table, whatever the clock says", () => {
  expect(nextEpoch(70_000, NOW)).toBe(70_001);
  expect(nextEpoch(3, 0)).toBe(4);
  expect(nextEpoch(0, 0)).toBe(1);
});

test("epochs fit into a position for years", () => {
  expect(nextEpoch(0, Date.UTC(2044, 11, 31))).toBeLessThan(1_000_000);
});

test("two lives that begin in one moment differ", () => {
  expect(newLife(0, NOW).life).not.toBe(newLife(0, NOW).life);
});
