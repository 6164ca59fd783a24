import { describe, expect, it } from "vitest";
import { maxwell } from "../../../../wire/formats/maxwell.ts";
import { change } from "../../../support/client/messages.ts";
import { typedChange } from "../../../support/functions/typed-changes.ts";

const COLUMNS = { id: "int", m: "double", c: "timestamp(6)", comment: "varchar(255)" };
const BEFORE = {
  id: 1,
  m: 4.2341,
  c: "2016-10-21T05:33:37.523000Z",
  comment: "I am a creature of light.",
};
const AFTER = { ...BEFORE, m: 5.444, c: "2016-10-21T05:33:54.631000Z" };
const source = {
  ...change(1).source,
  db: "test",
  table: "e",
  file: "master.000006",
  pos: 800_911,
  server_id: 23_042,
  thread: 108,
  ts_ms: 1_477_053_234_123,
  gtid: null,
};
const record = (...args: Parameters<typeof typedChange>): unknown =>
  JSON.parse(maxwell.write(typedChange(...args)) ?? "null");

describe("a change as Maxwell writes it", () => {
  it("is the record of an insert in Maxwell's documentation", () => {
    expect(record(COLUMNS, { after: BEFORE, source })).toEqual({
      database: "test",
      table: "e",
      type: "insert",
      ts: 1_477_053_234,
      commit: true,
      position: "master.000006:800911",
      server_id: 23_042,
      thread_id: 108,
      primary_key: [1],
      primary_key_columns: ["id"],
      data: {
        id: 1,
        m: 4.2341,
        c: "2016-10-21 05:33:37.523000",
        comment: "I am a creature of light.",
      },
      user: "app_staging",
      host: "10.0.3.7",
      attribution: "ledger",
      environment: "staging",
    });
  });

  it("has only the changed columns' old values for an update", () => {
    expect(record(COLUMNS, { op: "u", before: BEFORE, after: AFTER, source })).toMatchObject({
      type: "update",
      data: { id: 1, m: 5.444, c: "2016-10-21 05:33:54.631000" },
      old: { m: 4.2341, c: "2016-10-21 05:33:37.523000" },
    });
  });

  it("has the deleted row in `data` for a delete", () => {
    const deleted = record(COLUMNS, { op: "d", before: AFTER, after: null, source });
    expect(deleted).toMatchObject({ type: "delete", data: { id: 1, m: 5.444 } });
    expect(deleted).not.toHaveProperty("old");
  });

  it("has `commit` for the last change of a transaction, and `xoffset` for the others", () => {
    const earlier = record(COLUMNS, { after: BEFORE }, { transaction: { n: 3, last: false } });
    expect(earlier).toMatchObject({ xoffset: 3 });
    expect(earlier).not.toHaveProperty("commit");
  });

  it("keeps every digit of a DECIMAL and of a BIGINT, as numbers", () => {
    const typed = typedChange(
      { id: "bigint unsigned", total: "decimal(30,10)" },
      { after: { id: 18446744073709551615n, total: "12345678901234567890.1234567890" } },
    );
    expect(maxwell.write(typed)).toContain(
      '"data":{"id":18446744073709551615,"total":12345678901234567890.1234567890}',
    );
  });

  it("has sets as arrays, JSON as JSON, binary data as base64 and zero dates unchanged", () => {
    const columns = { s: "set('a','b','c')", j: "json", b: "blob", d: "datetime" };
    const row = { s: ["b", "c"], j: { a: [1] }, b: "AP8Q", d: "0000-00-00 00:00:00" };
    expect(record(columns, { after: row }, { key: [] })).toMatchObject({ data: row });
  });

  it("leaves out statements about tables", () => {
    expect(record({}, { op: "ddl", after: null, statement: "DROP TABLE e" })).toBeNull();
  });
});
