import { describe, expect, test } from "vitest";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { changeId } from "../../../wire/change-id.ts";
import { globMatcher } from "../../../wire/glob.ts";
import { environmentQueueName, siblingQueueUrl } from "../../../wire/names.ts";
import { isTablePattern, tableMatcher } from "../../../wire/table-patterns.ts";

test.each([
  ["app_*", "app_staging", true],
  ["app_*", "xapp_staging", false],
  ["app_?", "app_1", true],
  ["app_?", "app_12", false],
  ["a.b", "axb", false],
  ["*", "any\nthing", true],
  ["App", "app", false],
])("glob %j matches %j: %j", (pattern, name, expected) => {
  expect(globMatcher(pattern)(name)).toBe(expected);
});

describe("table patterns", () => {
  const matches = tableMatcher(["!shop.audit_*", "shop.*", "crm.people"]);
  test.each([
    ["shop", "orders", true],
    ["shop", "audit_log", false],
    ["crm", "people", true],
    ["crm", "cases", false],
    ["SHOP", "orders", false],
  ])("%s.%s: %j", (database, table, expected) => expect(matches(database, table)).toBe(expected));
  test("a pattern's table may contain dots and emoji", () => {
    expect(tableMatcher(["shop.a.b 😀"])("shop", "a.b 😀")).toBe(true);
  });
  test.each(["orders", ".orders", "shop.", "!shop"])("%j is not a pattern", (text) => {
    expect(isTablePattern(text)).toBe(false);
  });
});

test("a queue's name contains source, subscriber and environment, and a sibling's URL differs in the name", () => {
  expect(environmentQueueName("shop", "billing", "staging")).toBe("shop-billing-staging.fifo");
  expect(siblingQueueUrl("https://sqs.eu-west-1.amazonaws.com/123/shop-raw.fifo", "x.fifo")).toBe(
    "https://sqs.eu-west-1.amazonaws.com/123/x.fifo",
  );
});

test("a binlog file's number is read from its name, also past the sixth digit", () => {
  expect(binlogFileNumber("mysql-bin.000017")).toBe(17);
  expect(binlogFileNumber("mysql-bin.1000000")).toBe(1_000_000);
  expect(() => binlogFileNumber("mysql-bin.index")).toThrow(RangeError);
});

test("a change's id is its GTID and number, or its server, position and row", () => {
  const place = { server: "s", file: "bin.000001", offset: 4, row: 2, n: 5 };
  expect(changeId({ ...place, gtid: "u:15" })).toBe("u:15/5");
  expect(changeId({ ...place, gtid: null })).toBe("s:bin.000001:4/2");
});
