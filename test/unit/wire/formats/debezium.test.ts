import { describe, expect, it } from "vitest";
import { debezium } from "../../../../wire/formats/debezium.ts";
import { debeziumValue } from "../../../../wire/formats/debezium-value.ts";
import { jsonText } from "../../../../wire/formats/json-text.ts";
import { change } from "../../../support/client/messages.ts";
import { typedChange } from "../../../support/functions/typed-changes.ts";

const COLUMNS = {
  id: "int",
  first_name: "varchar(255)",
  last_name: "varchar(255)",
  email: "varchar(255)",
};
const BEFORE = {
  id: 1004,
  first_name: "Anne",
  last_name: "Kretchmar",
  email: "annek@noanswer.org",
};
const AFTER = { ...BEFORE, first_name: "Anne Marie" };
const source = {
  ...change(1).source,
  db: "inventory",
  table: "customers",
  server_id: 223_344,
  gtid: null,
  file: "mysql-bin.000003",
  pos: 484,
  row: 0,
  thread: 7,
  ts_ms: 1_465_581_029_100,
};
const payload = (fields: Parameters<typeof typedChange>[1]): Record<string, unknown> | null =>
  JSON.parse(
    debezium.write(typedChange(COLUMNS, { source, ...fields }), 1_465_581_029_523) ?? "null",
  ) as Record<string, unknown> | null;

describe("a change as the payload of a Debezium event", () => {
  it("has the fields that Debezium's documentation names for an update", () => {
    expect(payload({ op: "u", before: BEFORE, after: AFTER })).toEqual({
      before: BEFORE,
      after: AFTER,
      source: {
        version: "2.7.0.Final",
        connector: "mysql",
        name: "shop",
        ts_ms: 1_465_581_029_100,
        ts_us: 1_465_581_029_100_000,
        ts_ns: Number(1_465_581_029_100_000_000n),
        snapshot: "false",
        db: "inventory",
        sequence: null,
        table: "customers",
        server_id: 223_344,
        gtid: null,
        file: "mysql-bin.000003",
        pos: 484,
        row: 0,
        thread: 7,
        query: null,
      },
      transaction: null,
      op: "u",
      ts_ms: 1_465_581_029_523,
      ts_us: 1_465_581_029_523_000,
      ts_ns: Number(1_465_581_029_523_000_000n),
      user: "app_staging",
      host: "10.0.3.7",
      attribution: "ledger",
      environment: "staging",
    });
  });

  it.each([
    ["c", null, AFTER],
    ["d", BEFORE, null],
  ] as const)("has both images, one of them null, for %s", (op, before, after) => {
    expect(payload({ op, before, after })).toMatchObject({ op, before, after });
  });

  it("has no images for a truncated table", () => {
    const truncated = payload({ op: "t", after: null, key: null });
    expect(truncated).toMatchObject({ op: "t" });
    expect(truncated).not.toHaveProperty("after");
  });

  it("leaves statements about tables to Debezium's other topic", () => {
    expect(payload({ op: "ddl", after: null, statement: "DROP TABLE customers" })).toBeNull();
  });
});

describe("a value as Debezium gives it by default", () => {
  it.each([
    ["bigint unsigned", 18446744073709551615n, "-1"],
    ["bigint", 9007199254740993n, "9007199254740993"],
    ["decimal(10,2)", "12.50", '"BOI="'],
    ["decimal(10,2)", "-0.01", '"/w=="'],
    ["decimal(5,0)", "128", '"AIA="'],
    ["bit(1)", 1, "true"],
    ["bit(10)", 257, '"AQE="'],
    ["enum('a','b')", "b", '"b"'],
    ["set('a','b','c')", ["a", "c"], '"a,c"'],
    ["json", { a: 1 }, String.raw`"{\"a\":1}"`],
    ["blob", "AP8Q", '"AP8Q"'],
    ["date", "2016-10-21", "17095"],
    ["date", "1969-12-31", "-1"],
    ["date", "0000-00-00", "null"],
    ["date", "2020-02-30", "null"],
    ["datetime", "2018-06-20 06:37:03", "1529476623000"],
    ["datetime(3)", "2018-06-20 06:37:03.125", "1529476623125"],
    ["datetime(6)", "2018-06-20 06:37:03.123456", "1529476623123456"],
    ["time", "-01:00:00", "-3600000000"],
    ["time(6)", "838:59:58.000001", "3020398000001"],
    ["timestamp", "2018-06-20T13:37:03Z", '"2018-06-20T13:37:03Z"'],
    ["timestamp", "0000-00-00 00:00:00", "null"],
    ["year", 2018, "2018"],
    ["year", 0, "2000"],
    ["date", "0069-12-31", "36524"],
    ["date", "0070-01-01", "0"],
    ["date", "0000-01-01", "10957"],
    ["date", "0100-01-01", "-683003"],
    ["datetime", "0099-12-31 00:00:00", "946598400000"],
  ])("has the documented form for %s %s", (type, value, text) => {
    expect(jsonText(debeziumValue(value, type, true))).toBe(text);
  });

  it.each([
    ["date", "0000-00-00", "0"],
    ["datetime", "0000-00-00 00:00:00", "0"],
    ["timestamp", "0000-00-00 00:00:00", '"1970-01-01T00:00:00Z"'],
  ])("is the type's default for the %s %s in a column that is NOT NULL", (type, value, text) => {
    expect(jsonText(debeziumValue(value, type, false))).toBe(text);
  });
});
