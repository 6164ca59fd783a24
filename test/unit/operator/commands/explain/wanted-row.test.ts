import { describe, expect, it } from "vitest";
import {
  isFollowed,
  isOfTable,
  parseWantedRow,
  RowSearch,
} from "../../../../../operator/commands/explain/wanted-row.ts";
import { CommandError } from "../../../../../operator/shared/command-error.ts";
import type { FrameChange } from "../../../../../wire/frame.ts";

function change(fields: Partial<FrameChange>): FrameChange {
  const numbers = { transaction: 0, table: 0, offset: 4, row: 0, n: 0 };
  return { op: "u", ...numbers, key: "", oldKey: "", before: "", after: "", ...fields };
}

/** A search for a row of shop.orders. */
function searchFor(...values: string[]): RowSearch {
  return new RowSearch(parseWantedRow("shop.orders", values));
}

describe("a row that is asked about", () => {
  it("is touched by changes with its key, before or after, digit for digit", () => {
    const row = searchFor("9007199254740993");
    expect(row.touches(change({ key: '{"id":9007199254740993}' }))).toBe(true);
    expect(row.touches(change({ key: '{"id":9007199254740992}' }))).toBe(false);
    const moved = { key: '{"id":1}', oldKey: '{"id":9007199254740993}' };
    expect(row.touches(change(moved))).toBe(true);
  });

  it("is touched by what touches the whole table", () => {
    const row = searchFor("1");
    expect(row.touches(change({ op: "t" }))).toBe(true);
    expect(row.touches(change({ op: "ddl", after: '"DROP TABLE orders"' }))).toBe(true);
  });

  it("has all values of its key, in the key's order, whatever the columns' names are", () => {
    const row = searchFor("42", "7");
    expect(row.touches(change({ key: '{"order":42,"line":7}' }))).toBe(true);
    expect(row.touches(change({ key: '{"2":42,"1":7}' }))).toBe(true);
    expect(row.touches(change({ key: '{"order":7,"line":42}' }))).toBe(false);
    expect(row.touches(change({ key: '{"order":42}' }))).toBe(false);
  });

  it("may be named by columns, of one image", () => {
    const row = searchFor("name=Ada=L", "age=NULL");
    expect(row.touches(change({ op: "c", after: '{"name":"Ada=L","age":null}' }))).toBe(true);
    const parts = { before: '{"name":"Ada=L","age":1}', after: '{"name":"Bob","age":null}' };
    expect(row.touches(change(parts))).toBe(false);
  });

  it("may be named by columns of any name, whose letters' cases do not matter, as in MySQL", () => {
    const after = '{"Order No":7,"a=b":1,"größe":"L","\\"":2}';
    for (const value of ["order no=7", "a=b=1", "GRÖSSE=L", "Größe=L", '"=2'])
      expect([value, searchFor(value).touches(change({ after }))]).toEqual([
        value,
        value !== "GRÖSSE=L",
      ]);
  });

  it("may have a key with an equals sign, as a binary key in Base64 has", () => {
    const row = searchFor("AAE=");
    expect(row.touches(change({ key: '{"id":"AAE="}', after: '{"id":"AAE="}' }))).toBe(true);
    expect(row.touches(change({ key: '{"id":"AAI="}', after: '{"id":"AAI="}' }))).toBe(false);
    const two = searchFor("1", "AAE=");
    expect(two.touches(change({ key: '{"n":1,"id":"AAE="}' }))).toBe(true);
  });

  it.for([
    [["42"], "The primary key of shop.orders is (order, line): give a value for each"],
    [["waht=ink"], "The primary key of shop.orders is (order, line)"],
    [["42", "what=ink"], 'The key of another row of shop.orders: {"order":42,"line":"7.50"}.'],
    [["42", "7.5"], "Write values exactly as messages have them."],
    [["42", "7.50"], ""],
    [["what=none"], ""],
    [["WHAT=none", "order=1"], ""],
    [[], ""],
  ] as const)("with the values %j of a table with two key columns: %s", ([values, note]) => {
    const row = searchFor(...values);
    expect(row.notes).toEqual([]);
    const key = '{"order":42,"line":"7.50"}';
    row.touches(change({ key, after: `${key.slice(0, -1)},"what":"a"}` }));
    expect(row.notes).toEqual(note === "" ? [] : [expect.stringContaining(note)]);
  });

  it("of a table without a key is not looked for by a key's value without a word", () => {
    const row = searchFor("42");
    expect(row.touches(change({ after: '{"id":42}' }))).toBe(false);
    expect(row.notes).toEqual([
      "shop.orders has no primary key, and no column of these names: write column=value.",
    ]);
  });

  it("may have other changes under another name, when a statement renames its table", () => {
    const row = searchFor("42");
    row.touches(change({ op: "ddl", after: '"ALTER TABLE orders ADD renamed INT"' }));
    expect(row.notes).toEqual([]);
    row.touches(change({ op: "ddl", after: '"rename table orders to old"' }));
    expect(row.notes).toEqual([
      "A statement in the stretch renames shop.orders, or a column or index of it. If it renames the table, search under the other name, too.",
    ]);
  });

  it.for([["orders"], ["shop."], [".orders"]] as const)("cannot be of %s", ([table]) => {
    expect(() => parseWantedRow(table, ["1"])).toThrow(CommandError);
  });
});

/** Whether a change of a table is one of the table that is named. */
function isNamed(name: string, database: string, table: string, isLower = false): boolean {
  return isOfTable(parseWantedRow(name, []), { database, table }, isLower);
}

/** Whether these patterns choose the table that is named. */
function isChosen(name: string, isLower = false): boolean {
  return isFollowed(parseWantedRow(name, []), ["Shop.*", "!Shop.secret", "*.audit"], isLower);
}

describe("the table of a row that is asked about", () => {
  it("has its name as the server compares names, also with dots and quotes", () => {
    expect(isNamed("shop.orders", "shop", "orders")).toBe(true);
    expect(isNamed("Shop.Orders", "shop", "orders")).toBe(false);
    expect(isNamed("Shop.Orders", "shop", "orders", true)).toBe(true);
    expect(isNamed("my.shop.or`d'ers.2", "my.shop", "or`d'ers.2")).toBe(true);
    expect(isNamed("shop2.orders", "shop", "orders")).toBe(false);
  });

  it("is dropped with its database", () => {
    expect(isNamed("shop.orders", "shop", "")).toBe(true);
    expect(isNamed("shop.orders", "sho", "")).toBe(false);
  });

  it("is followed when the configuration's patterns choose it", () => {
    expect(isChosen("Shop.orders")).toBe(true);
    expect(isChosen("shop.orders")).toBe(false);
    expect(isChosen("shop.orders", true)).toBe(true);
    expect(isChosen("Shop.secret")).toBe(false);
    expect(isChosen("my.db.audit")).toBe(true);
  });
});
