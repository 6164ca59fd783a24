import { expect, test } from "vitest";
import { PLAIN, tailText } from "../../../../../operator/commands/tail/tail-text.ts";
import type { TailedChange } from "../../../../../operator/commands/tail/tailed-change.ts";

const CHANGE: TailedChange = {
  at: "2026-11-30T08:00:00.123Z",
  environment: "staging",
  subscribers: ["billing"],
  op: "u",
  table: "shop.or\u001b[2Jders",
  key: { id: "\u009b1" },
  before: { "col\numn": 1 },
  after: { "col\numn": 2 },
  user: "app\u0007",
  host: "",
  attribution: "ledger",
  id: "",
  gtid: null,
  file: "bin.000001",
  pos: 4,
  row: 0,
};

test("a change is one line, whatever its names and values are", () => {
  expect(tailText(CHANGE, PLAIN)).toBe(
    String.raw`08:00:00.123 update   shop.or\u001b[2Jders {"id":"\u009b1"} col umn: 1 ⇒ 2 by app\u0007 → billing`,
  );
  const statement = "CREATE TABLE t (\n  id INT\r\n)";
  const defined = { ...CHANGE, op: "ddl", key: null, before: null, after: null, statement };
  expect(tailText(defined, PLAIN)).toContain(String.raw`CREATE TABLE t (   id INT\u000d ) by app`);
});
