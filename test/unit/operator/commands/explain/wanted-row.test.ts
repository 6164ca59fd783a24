import { describe, expect, it } from "vitest";
import { parseWantedRow, touches } from "../../../../../operator/commands/explain/wanted-row.ts";
import { CommandError } from "../../../../../operator/shared/command-error.ts";
import type { FrameChange } from "../../../../../wire/frame.ts";

function change(fields: Partial<FrameChange>): FrameChange {
  const numbers = { transaction: 0, table: 0, offset: 4, row: 0, n: 0 };
  return { op: "u", ...numbers, key: "", oldKey: "", before: "", after: "", ...fields };
}

describe("a row that is asked about", () => {
  it("is touched by changes with its key, before or after, digit for digit", () => {
    const row = parseWantedRow("shop.orders", ["9007199254740993"]);
    expect(touches(row, change({ key: '{"id":9007199254740993}' }))).toBe(true);
    expect(touches(row, change({ key: '{"id":9007199254740992}' }))).toBe(false);
    expect(touches(row, change({ key: '{"id":1}', oldKey: '{"id":9007199254740993}' }))).toBe(true);
  });

  it("is touched by what touches the whole table", () => {
    const row = parseWantedRow("shop.orders", ["1"]);
    expect(touches(row, change({ op: "t" }))).toBe(true);
    expect(touches(row, change({ op: "ddl", after: '"DROP TABLE orders"' }))).toBe(true);
  });

  it("has all values of its key, in order", () => {
    const row = parseWantedRow("shop.lines", ["42", "7"]);
    expect(touches(row, change({ key: '{"order":42,"line":7}' }))).toBe(true);
    expect(touches(row, change({ key: '{"order":7,"line":42}' }))).toBe(false);
    expect(touches(row, change({ key: '{"order":42}' }))).toBe(false);
  });

  it("may be named by columns, of one image", () => {
    const row = parseWantedRow("shop.orders", ["name=Ada=L", "age=NULL"]);
    expect(touches(row, change({ op: "c", after: '{"name":"Ada=L","age":null}' }))).toBe(true);
    const parts = { before: '{"name":"Ada=L","age":1}', after: '{"name":"Bob","age":null}' };
    expect(touches(row, change(parts))).toBe(false);
  });

  it.for([
    ["orders", ["1"]],
    ["shop.", ["1"]],
    ["shop.orders", ["1", "name=Ada"]],
  ] as const)("cannot be %s %j", ([table, values]) => {
    expect(() => parseWantedRow(table, values)).toThrow(CommandError);
  });
});
