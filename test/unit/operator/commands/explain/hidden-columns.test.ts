import { expect, test } from "vitest";
import { hiddenColumns } from "../../../../../operator/commands/explain/hidden-columns.ts";

const CHANGE = {
  op: "u",
  transaction: 0,
  table: 0,
  offset: 4,
  row: 0,
  n: 0,
  key: '{"id":1}',
  oldKey: "",
  before: '{"id":1,"mail":"a","note":"x"}',
  after: '{"id":1,"mail":"b","note":"x"}',
} as const;

test("columns that a subscriber does not get, or gets masked, are named", () => {
  const filtered = { ...CHANGE, before: '{"id":1,"mail":"?"}', after: '{"id":1,"mail":"!"}' };
  expect(hiddenColumns(CHANGE, filtered)).toEqual({ leftOut: ["note"], masked: ["mail"] });
  const asInsert = { ...filtered, op: "c", before: "" } as const;
  expect(hiddenColumns(CHANGE, asInsert)).toEqual({ leftOut: ["note"], masked: ["mail"] });
});

test("of a statement nothing is hidden, although it is no row", () => {
  const statement = {
    ...CHANGE,
    op: "ddl",
    before: "",
    after: '"CREATE TABLE t (id INT)"',
  } as const;
  expect(hiddenColumns(statement, statement)).toEqual({ leftOut: [], masked: [] });
});
