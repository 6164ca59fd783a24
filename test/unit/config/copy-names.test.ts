import { expect, test } from "vitest";
import { copiedBy, originalMatcher } from "../../../config/copy-names.ts";

test.for([
  ["_customers_gho", ["customers"]],
  ["_customers_del", ["customers"]],
  ["_customers_20261128101500_del", ["customers_20261128101500", "customers"]],
  ["_customers_new", ["customers"]],
  ["__customers_new", ["customers", "_customers"]],
  ["_customers_old", ["customers"]],
  ["_customers_old_20261128_101500", ["customers"]],
  ["_two words_new", ["two words"]],
  ["__osc_chg_customers", ["customers"]],
  ["lhmn_customers", ["customers"]],
  ["lhmn_2024_customers", ["2024_customers"]],
  ["lhmn___customers", ["__customers"]],
  ["lhma_2026_11_28_10_15_00_000_customers", ["customers"]],
  ["lhma_2026_11_28_10_15_00_000_2024_customers", ["2024_customers"]],
  ["lhma_customers", ["customers"]],
] as const)("%s is the name of another table's copy", ([table, copied]) => {
  expect(copiedBy(table)).toEqual(copied);
});

test.for(["customers", "customers_new", "_customers", "_customers_ghc", "_new", "customers_old"])(
  "%s is not the name of a copy",
  (table) => {
    expect(copiedBy(table)).toEqual([]);
  },
);

const LONG = `2024_customers_of_${"x".repeat(44)}`;
const CUT = `_${LONG.slice(0, 59)}_gho`;

test.for([
  [`shop.${LONG}`, CUT, true],
  ["shop.2024_*x", CUT, true],
  [`*.2024?customers${"?".repeat(48)}`, CUT, true],
  [`shop.${LONG}`, `_${LONG.slice(0, 58)}_gho`, false],
  [`shop.2025${LONG.slice(4)}`, CUT, false],
  [`shop.${LONG.slice(0, 58)}`, CUT, false],
  [`billing.${LONG}`, CUT, false],
  [`shop.${"é".repeat(40)}`, `_${"é".repeat(29)}x_gho`, false],
  [`shop.${"é".repeat(29)}xyz`, `_${"é".repeat(29)}x_del`, true],
] as const)("%s matches the original of %s: %s", ([pattern, table, isChosen]) => {
  expect(originalMatcher(pattern)("shop", table)).toBe(isChosen);
});
