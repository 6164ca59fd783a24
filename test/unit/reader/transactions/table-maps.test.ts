import { describe, expect, test } from "vitest";
import { CorruptEventError } from "../../../../reader/binlog-format/errors.ts";
import { RowCounter } from "../../../../reader/binlog-format/rows/row-counter.ts";
import { RowsDecoder } from "../../../../reader/binlog-format/rows/rows-event.ts";
import { TableMaps } from "../../../../reader/transactions/table-maps.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const FIRST_ID = 122;
const tableMap = recorded.TABLE_MAP.subarray(0, -4);
const rows = recorded.WRITE_ROWS.subarray(0, -4);

/** The event with another table id; the id follows the header. */
function withId(event: Buffer, id: number): Buffer {
  const copy = Buffer.from(event);
  copy.writeUIntLE(id, 19, 6);
  return copy;
}

test("a table that the server reopened under another id keeps its decoder, and its old id is forgotten", () => {
  const tables = new TableMaps(() => true);
  tables.onTableMap(tableMap);
  const decoder = tables.rowsOf(rows);
  expect(decoder).not.toBeNull();

  for (let id = FIRST_ID + 1; id < FIRST_ID + 1000; id++) {
    tables.onTableMap(withId(tableMap, id));
    expect(tables.rowsOf(withId(rows, id))).toBe(decoder);
    expect(() => tables.rowsOf(withId(rows, id - 1))).toThrow(CorruptEventError);
  }
});

test("a table is forgotten when the tables are cleared", () => {
  const tables = new TableMaps(() => true);
  tables.onTableMap(tableMap);
  tables.clear();
  expect(() => tables.rowsOf(rows)).toThrow(CorruptEventError);
});

test("an event that ends inside its table id is refused, whatever follows it", () => {
  const tables = new TableMaps(() => true);
  tables.onTableMap(tableMap);
  const idEnds = 25;
  expect(() => tables.rowsOf(rows, 0, idEnds - 1)).toThrow(CorruptEventError);
  expect(() => tables.onTableMap(tableMap, 0, idEnds - 1)).toThrow(CorruptEventError);
  expect(() => tables.onTableMap(tableMap.subarray(0, idEnds - 1))).toThrow(CorruptEventError);
});

test("an id that the server gave to another table belongs to that table", () => {
  const tables = new TableMaps((_, table) => table === "orders");
  const other = Buffer.from(tableMap);
  other.write("others", other.indexOf("orders"));
  tables.onTableMap(tableMap);
  tables.onTableMap(tableMap);
  tables.onTableMap(other);
  expect(tables.rowsOf(rows)).toBeInstanceOf(RowCounter);
  tables.onTableMap(withId(tableMap, FIRST_ID + 1));
  expect(tables.rowsOf(rows)).toBeInstanceOf(RowCounter);
  expect(tables.rowsOf(withId(rows, FIRST_ID + 1))).toBeInstanceOf(RowsDecoder);
});

test("a map that is not the same in every byte is read anew, wherever it is in the packet", () => {
  const idEnds = 25;
  const others = [
    ...Array.from(tableMap.subarray(idEnds), (byte, i) => {
      const other = Buffer.from(tableMap);
      other[idEnds + i] = byte ^ 1;
      return other;
    }),
    ...Array.from({ length: 20 }, (_, i) => tableMap.subarray(0, -1 - i)),
    Buffer.concat([tableMap, Buffer.alloc(1)]),
  ];
  for (const [i, other] of others.entries()) {
    const tables = new TableMaps(() => true);
    const packet = Buffer.concat([Buffer.alloc(3), other, tableMap]);
    tables.onTableMap(tableMap);
    const decoder = tables.rowsOf(rows);
    // Some of them cannot be read, which shows as well that they were not taken for the same.
    const after = (() => {
      try {
        tables.onTableMap(packet, 3, 3 + other.length);
        return tables.rowsOf(rows);
      } catch (error) {
        return error;
      }
    })();
    expect(after, `map ${i}`).not.toBe(decoder);
  }
});

test("ids that differ only above their lowest four bytes are different", () => {
  const tables = new TableMaps((_, table) => table === "orders");
  const other = withId(tableMap, FIRST_ID + 2 ** 32);
  other.write("others", other.indexOf("orders"));
  tables.onTableMap(tableMap);
  tables.onTableMap(other);
  expect(tables.rowsOf(rows)).toBeInstanceOf(RowsDecoder);
  expect(tables.rowsOf(withId(rows, FIRST_ID + 2 ** 32))).toBeInstanceOf(RowCounter);
});

describe("a table map that cannot be read", () => {
  const UNKNOWN_TYPE = 99;
  const types = tableMap.indexOf(Buffer.from([7, 3, 15])); // seven columns: INT, VARCHAR …
  const unknownType = Buffer.from(tableMap);
  unknownType[types + 1] = UNKNOWN_TYPE;

  test.each([
    ["has a column of an unknown type", unknownType],
    ["ends inside the columns", tableMap.subarray(0, types + 3)],
  ])("stops only a reader that follows the table when it %s", (_, event) => {
    const followed = new TableMaps(() => true);
    expect(() => followed.onTableMap(event)).toThrow(
      /^shop\.orders cannot be read: a column has the unknown type 99$|ends inside a field/,
    );
    const unfollowed = new TableMaps(() => false);
    unfollowed.onTableMap(event);
    expect(unfollowed.rowsOf(rows)).toBeNull();
  });

  test("is accepted for a table that is not followed when only the names of columns are missing", () => {
    const unfollowed = new TableMaps(() => false);
    unfollowed.onTableMap(tableMap.subarray(0, tableMap.indexOf("id") - 2));
    const counter = unfollowed.rowsOf(rows);
    expect(counter instanceof RowCounter && counter.count(rows)).toBe(2);
  });
});
