import { expect, test } from "vitest";
import { copiedBy } from "../../../../functions/filters/copy-names.ts";

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
  ["lhma_2026_11_28_10_15_00_000_customers", ["customers"]],
] as const)("%s holds the rows of another table", ([table, copied]) => {
  expect(copiedBy(table)).toEqual(copied);
});

test.for(["customers", "customers_new", "_customers", "_customers_ghc", "_new", "customers_old"])(
  "%s is named like no tool's copy",
  (table) => {
    expect(copiedBy(table)).toEqual([]);
  },
);
