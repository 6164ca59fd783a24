import { describe, expect, test } from "vitest";
import { filteredNames } from "../../../../config/filtered-names.ts";
import { NameHistory } from "../../../../reader/statements/name-history.ts";
import { namesAtAnyTime, type SavedNames } from "../../../../reader/statements/saved-names.ts";
import { apply, columns, historyOf, tables } from "../../../support/name-histories.ts";

describe("the history of table names", () => {
  test("keeps a former name that a filter chooses and whose new name it does not, for every statement that renames", () => {
    for (const statement of [
      "RENAME TABLE customers TO clients",
      "RENAME TABLE customers TO passing, passing TO clients",
      "ALTER TABLE customers ADD x INT, RENAME TO clients",
      "ALTER TABLE `shop`.`customers` RENAME AS clients",
    ])
      expect(tables(apply(historyOf(), statement), "clients"), statement).toEqual([
        ["shop", "customers"],
      ]);
    const elsewhere = apply(historyOf(), "RENAME TABLE orders TO archive.orders");
    expect(tables(elsewhere, "orders", "archive")).toEqual([["shop", "orders"]]);
  });

  test("keeps the former name through several renames, until the table has it again", () => {
    const history = apply(historyOf(), "RENAME TABLE customers TO a", "RENAME TABLE a TO b");
    expect(tables(history, "b")).toEqual([["shop", "customers"]]);
    expect(tables(history, "a")).toEqual([]);
    apply(history, "RENAME TABLE b TO customers");
    expect(history.saved?.present).toEqual([]);
  });

  test("keeps the former names of two swapped tables, and of a table exchanged with a partition", () => {
    const swapped = apply(
      historyOf(),
      "RENAME TABLE customers TO t, people TO customers, t TO people",
    );
    expect(tables(swapped, "people")).toEqual([["shop", "customers"]]);
    expect(tables(swapped, "customers")).toEqual([]);
    const exchanged = apply(
      historyOf(),
      "ALTER TABLE customers EXCHANGE PARTITION p WITH TABLE people",
    );
    expect(tables(exchanged, "people")).toEqual([["shop", "customers"]]);
  });

  test("keeps no name when a tool for schema changes renames, because its tables have the original's filters", () => {
    const history = apply(
      historyOf(),
      "RENAME TABLE customers TO _customers_del, _customers_gho TO customers",
      "RENAME TABLE people TO other",
    );
    expect(history.saved?.present).toEqual([]);
  });

  test("keeps a former name until the table or its database is dropped", () => {
    const history = apply(historyOf(), "RENAME TABLE customers TO a", "DROP TABLE IF EXISTS a");
    expect(tables(history, "a")).toEqual([]);
    apply(history, "RENAME TABLE orders TO old.orders", "DROP DATABASE old");
    expect(tables(history, "orders", "old")).toEqual([]);
    // What is read again may have rows of the dropped tables.
    const reading = historyOf(namesAtAnyTime(history.saved));
    expect(tables(reading, "a")).toEqual([["shop", "customers"]]);
    expect(tables(reading, "orders", "old")).toEqual([["shop", "orders"]]);
  });
});

describe("the history of column names", () => {
  test("keeps a former name that a filter chooses and whose new name it does not", () => {
    const history = apply(
      historyOf(),
      "ALTER TABLE customers RENAME COLUMN phone TO Line, CHANGE COLUMN `email` mail VARCHAR(60) COMMENT 'a, RENAME COLUMN x TO y', CHANGE id id BIGINT",
    );
    expect(columns(history, "customers")).toEqual([
      ["line", ["phone"]],
      ["mail", ["email"]],
    ]);
    apply(history, "ALTER TABLE customers CHANGE line phone2 INT, RENAME COLUMN mail TO EMAIL");
    expect(columns(history, "customers")).toEqual([["phone2", ["phone"]]]);
  });

  test("follows the table's new name, and keeps the former names of two swapped columns", () => {
    const history = apply(
      historyOf(),
      "ALTER TABLE customers RENAME COLUMN email TO city, RENAME COLUMN city TO email, RENAME clients",
      "ALTER TABLE clients RENAME COLUMN city TO town",
    );
    expect(history.of("shop", "clients")).toEqual({
      tables: [["shop", "customers"]],
      columns: [["town", ["email"]]],
    });
  });

  test("keeps the former name of a copy's column when the copy gets the original's name", () => {
    const history = apply(
      historyOf(),
      "ALTER TABLE _customers_gho CHANGE phone line VARCHAR(20)",
      "RENAME TABLE customers TO _customers_del, _customers_gho TO customers",
    );
    expect(columns(history, "customers")).toEqual([["line", ["phone"]]]);
  });
});

/** The history for reading the binlog again after statements. */
const again = (...statements: readonly string[]): NameHistory =>
  historyOf(namesAtAnyTime(apply(historyOf(), ...statements).saved));

test("reading again finds the names that columns and tables had in between", () => {
  const once = "ALTER TABLE customers RENAME COLUMN email TO mail";
  expect(
    columns(again(once, "ALTER TABLE customers RENAME COLUMN mail TO contact"), "customers"),
  ).toEqual([
    ["contact", ["email"]],
    ["mail", ["email"]],
  ]);
  expect(
    columns(again(once, "ALTER TABLE customers RENAME COLUMN mail TO email"), "customers"),
  ).toEqual([["mail", ["email"]]]);
  expect(tables(again("RENAME TABLE customers TO a", "RENAME TABLE a TO customers"), "a")).toEqual([
    ["shop", "customers"],
  ]);
});

test("a restored history has the saved names; of those that an earlier release saved, the ones on which filters depend", () => {
  const saved = apply(historyOf(), "RENAME TABLE customers TO a, orders TO b").saved;
  const resumed = historyOf(JSON.parse(JSON.stringify(saved)) as SavedNames);
  expect(resumed.saved).toEqual(saved);
  const released = { present: saved?.present ?? [], past: [] };
  const filtered = filteredNames({ mailing: { where: { "shop.*": "id > 0", "x.y": "id > 0" } } });
  const changed = new NameHistory({ filtered, lowerCase: false, saved: released });
  expect([...tables(changed, "a"), ...tables(changed, "b")]).toEqual([]);
  expect(tables(historyOf(released), "a")).toEqual([["shop", "customers"]]);
  expect(filteredNames({ mailing: { where: "id > 0" }, whole: {} })).toBeNull();
});

test("on a server with lower-case names, patterns match in lower case", () => {
  const filtered = filteredNames({ mailing: { where: { "Shop.Customers": "id > 0" } } });
  const history = apply(
    new NameHistory({ filtered, lowerCase: true }),
    "RENAME TABLE customers TO clients",
  );
  expect(tables(history, "clients")).toEqual([["shop", "customers"]]);
});

test("a table that is not followed has no names, unless it was renamed from one that is", () => {
  const history = historyOf();
  const rename = (from: string, to: string): void =>
    history.apply(
      [{ kind: "table", from: { database: null, table: from }, to: { database: null, table: to } }],
      ({ table }) => ["shop", table],
      undefined,
      ([, table]) => table === "customers" || table === "clients",
    );
  rename("orders", "orders_1");
  expect(history.saved?.present).toEqual([]);
  rename("customers", "a");
  rename("a", "b");
  rename("b", "clients");
  expect(tables(history, "clients")).toEqual([["shop", "customers"]]);
});
