import { describe, expect, it } from "vitest";
import { canal } from "../../../../wire/formats/canal.ts";
import { change } from "../../../support/client/messages.ts";
import { typedChange } from "../../../support/functions/typed-changes.ts";

const COLUMNS = {
  id: "int",
  name: "varchar(255)",
  description: "varchar(512)",
  weight: "float",
};
const BEFORE = { id: 111, name: "scooter", description: "Big 2-wheel scooter", weight: 5.15 };
const source = {
  ...change(1).source,
  db: "inventory",
  table: "products",
  ts_ms: 1_589_373_560_000,
};
const message = (...args: Parameters<typeof typedChange>): Record<string, unknown> =>
  JSON.parse(canal.write(typedChange(...args), 1_589_373_560_798)) as Record<string, unknown>;

describe("a change as canal's flatMessage", () => {
  it("is the message of an update in Flink's documentation of the format", () => {
    const after = { ...BEFORE, weight: 5.18 };
    expect(message(COLUMNS, { op: "u", before: BEFORE, after, source })).toEqual({
      data: [{ id: "111", name: "scooter", description: "Big 2-wheel scooter", weight: "5.18" }],
      database: "inventory",
      es: 1_589_373_560_000,
      gtid: source.gtid,
      id: 0,
      isDdl: false,
      mysqlType: COLUMNS,
      old: [{ weight: "5.15" }],
      pkNames: ["id"],
      sql: "",
      sqlType: { id: 4, name: 12, description: 12, weight: 7 },
      table: "products",
      ts: 1_589_373_560_798,
      type: "UPDATE",
      user: "app_staging",
      host: "10.0.3.7",
      attribution: "ledger",
      environment: "staging",
    });
  });

  it.each([
    ["c", "INSERT", null, BEFORE],
    ["d", "DELETE", BEFORE, null],
  ] as const)("has the row in `data` and nothing in `old`, for %s", (op, type, before, after) => {
    expect(message(COLUMNS, { op, before, after })).toMatchObject({
      type,
      data: [{ id: "111" }],
      old: null,
    });
  });

  it.each([
    ["bigint unsigned", 18446744073709551615n, "18446744073709551615", 3],
    ["bigint unsigned", 1, "1", -5],
    ["tinyint unsigned", 200, "200", 5],
    ["int unsigned", 4294967295, "4294967295", -5],
    ["mediumint unsigned", 16777215, "16777215", 4],
    ["decimal(10,2)", "12.50", "12.50", 3],
    ["enum('open','it''s')", "it's", "2", 4],
    ["set('a','b','c')", ["a", "c"], "5", -7],
    ["timestamp(3)", "2026-11-20T19:05:00.125Z", "2026-11-20 19:05:00.125", 93],
    ["json", { a: [1, 2], b: "x" }, '{"a": [1, 2], "b": "x"}', 12],
    [
      "point",
      "AQEAAAAAAAAAAADwPwAAAAAAAABA",
      Buffer.from("AQEAAAAAAAAAAADwPwAAAAAAAABA", "base64").toString("latin1"),
      2004,
    ],
    ["blob", "AP8Q", "\u0000ÿ\u0010", 2004],
    ["text", "ü", "ü", 2005],
    ["char(2)", "ab", "ab", 1],
    ["year", 2026, "2026", 12],
  ])("has a %s of %s as text, and its java.sql.Types", (type, value, text, sqlType) => {
    expect(message({ v: type }, { after: { v: value } })).toMatchObject({
      data: [{ v: text }],
      mysqlType: { v: type },
      sqlType: { v: sqlType },
    });
  });

  it("has null for NULL", () => {
    expect(message({ v: "int" }, { after: { v: null } })).toMatchObject({ data: [{ v: null }] });
  });

  it("has the statement and no rows for a statement about a table", () => {
    const statement = "ALTER TABLE products ADD x INT";
    const after = null;
    expect(message(COLUMNS, { op: "ddl", after, key: null, statement })).toMatchObject({
      data: null,
      isDdl: true,
      mysqlType: null,
      pkNames: null,
      sql: statement,
      sqlType: null,
      type: "ALTER",
    });
  });

  it.each([
    ["CREATE TABLE a (id INT)", "CREATE"],
    ["/* tool */ rename table a to b", "RENAME"],
    ["DROP TABLE IF EXISTS a", "ERASE"],
    ["create unique index i on a (x)", "CINDEX"],
    ["DROP INDEX i ON a", "DINDEX"],
    ["DROP DATABASE shop", "QUERY"],
  ])("names the statement %s as canal does", (statement, type) => {
    expect(message({}, { op: "ddl", after: null, key: null, statement })).toMatchObject({ type });
  });
});
