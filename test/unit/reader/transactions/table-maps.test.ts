import { expect, test } from "vitest";
import { CorruptEventError } from "../../../../reader/binlog-format/errors.ts";
import { TableMaps } from "../../../../reader/transactions/table-maps.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const FIRST_ID = 122;
const tableMap = recorded.TABLE_MAP.subarray(0, -4);
const rows = recorded.WRITE_ROWS.subarray(0, -4);

/** The event with another table id, which follows the header. */
function withId(event: Buffer, id: number): Buffer {
  const copy = Buffer.from(event);
  copy.writeUIntLE(id, 19, 6);
  return copy;
}

test("a table that the server opened again under another id keeps its decoder, and its old id is forgotten", () => {
  const tables = new TableMaps(() => true);
  tables.onTableMap(tableMap);
  const decoder = tables.decoderFor(rows);
  expect(decoder).not.toBeNull();

  for (let id = FIRST_ID + 1; id < FIRST_ID + 1000; id++) {
    tables.onTableMap(withId(tableMap, id));
    expect(tables.decoderFor(withId(rows, id))).toBe(decoder);
    expect(() => tables.decoderFor(withId(rows, id - 1))).toThrow(CorruptEventError);
  }
});

test("an id that another table has by now is that table's", () => {
  const tables = new TableMaps((_, table) => table === "orders");
  const other = Buffer.from(tableMap);
  other.write("others", other.indexOf("orders"));
  tables.onTableMap(tableMap);
  tables.onTableMap(other);
  expect(tables.decoderFor(rows)).toBeNull();
  tables.onTableMap(withId(tableMap, FIRST_ID + 1));
  expect(tables.decoderFor(rows)).toBeNull();
  expect(tables.decoderFor(withId(rows, FIRST_ID + 1))).not.toBeNull();
});
