import { expect, test } from "vitest";
import { tablesBeneath } from "../../../../../operator/commands/doctor/ask-merge-tables.ts";
import { mergeFindings } from "../../../../../operator/commands/doctor/merge-checks.ts";

const DEFINITION =
  "CREATE TABLE `all_orders` (\n  `id` int COMMENT ' UNION=(`no`)'\n) ENGINE=MRG_MyISAM DEFAULT CHARSET=utf8mb4 INSERT_METHOD=LAST UNION=(`orders_1`,`old`.`a``b, c`) COMMENT='a UNION=(`x`)'";

test("a MERGE table's definition ends with the tables beneath", () => {
  expect(tablesBeneath(DEFINITION, "shop")).toEqual([
    { database: "shop", table: "orders_1" },
    { database: "old", table: "a`b, c" },
  ]);
  expect(tablesBeneath("CREATE TABLE `none` (\n  `id` int\n) ENGINE=MRG_MyISAM", "shop")).toEqual(
    [],
  );
});

/** The tables beneath a MERGE table with these options. */
function options(text: string): ReturnType<typeof tablesBeneath> {
  return tablesBeneath(`CREATE TABLE \`a\` (\n  \`id\` int\n) ENGINE=MRG_MyISAM ${text}`, "shop");
}

test("the list of tables is found among other options, and not in their texts", () => {
  const one = [{ database: "shop", table: "a.b\nc" }];
  expect(options("ENCRYPTION='N' UNION=(`a.b\nc`) COMMENT='x'")).toEqual(one);
  expect(options("COMPRESSION='it''s \\' UNION=(`x`)' UNION=(`a.b\nc`)")).toEqual(one);
  expect(options("COMMENT='it''s UNION=(`x`)'")).toEqual([]);
});

test("a MERGE table is reported where a followed table lies beneath", () => {
  const beneath = [
    { database: "shop", table: "Orders_1" },
    { database: "old", table: "orders" },
  ];
  const merges = { shown: [{ database: "shop", table: "all_orders", beneath }], hidden: [] };
  const reported = (tables: readonly string[], lowerCaseNames = false) =>
    mergeFindings(merges, tables, lowerCaseNames).map(({ check, what }) => [check, what]);
  expect(reported(["shop.all_orders"])).toEqual([]);
  expect(reported(["shop.orders_1"])).toEqual([]);
  const found = [
    ["tables.merge", "MERGE tables write to followed tables: shop.all_orders to shop.Orders_1"],
  ];
  expect(reported(["shop.*"])).toEqual(found);
  expect(reported(["SHOP.orders_1"], true)).toEqual(found);
});

test("MERGE tables whose definition is not shown are reported with the reason", () => {
  const hidden = [
    { database: "shop", table: "sums", why: "SHOW command denied" },
    { database: "old", table: "all", why: "Table 'old.all' doesn't exist" },
  ];
  expect(mergeFindings({ shown: [], hidden }, ["shop.orders"], false)).toMatchObject([
    {
      check: "tables.merge-hidden",
      about: "shop.sums,old.all",
      severity: "warning",
      what: "the doctor could not look at the MERGE tables shop.sums (SHOW command denied), old.all (Table 'old.all' doesn't exist)",
    },
  ]);
});
