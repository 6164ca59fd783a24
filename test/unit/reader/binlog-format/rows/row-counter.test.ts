import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { RowCounter } from "../../../../../reader/binlog-format/rows/row-counter.ts";
import { compileRowsDecoder } from "../../../../../reader/binlog-format/rows/rows-event.ts";
import {
  parseTableMap,
  parseTableMapColumns,
} from "../../../../../reader/binlog-format/rows/table-map.ts";
import { recorded } from "../recorded-events.ts";

const tableMap = recorded.TABLE_MAP.subarray(0, -4);
const writeRows = recorded.WRITE_ROWS.subarray(0, -4);
const decoder = compileRowsDecoder(parseTableMap(tableMap));
const counter = new RowCounter(parseTableMapColumns(tableMap));

/** The number of rows that the decoder reads, and whether it stops with an error. */
function decodedRows(event: Buffer): { rows: number; stops: boolean } {
  let rows = 0;
  try {
    decoder.decode(event, () => rows++);
    return { rows, stops: false };
  } catch {
    return { rows, stops: true };
  }
}

describe("RowCounter", () => {
  test.each([
    ["inserts", writeRows, 2],
    ["an update with some columns", recorded.UPDATE_ROWS_MINIMAL.subarray(0, -4), 1],
    ["an update of a key column", recorded.UPDATE_ROWS_KEY.subarray(0, -4), 1],
    ["a delete", recorded.DELETE_ROWS.subarray(0, -4), 1],
  ])("counts %s", (_, event, rows) => {
    expect(counter.count(event)).toBe(rows);
  });

  test("counts the complete rows of an event that ends inside a row", () => {
    const rowsBegin = 31;
    const firstRowEnds = writeRows.length - 5;
    for (let length = 19; length < writeRows.length; length++) {
      expect(counter.count(writeRows.subarray(0, length))).toBe(length < firstRowEnds ? 0 : 1);
    }
    expect(counter.count(writeRows.subarray(0, rowsBegin))).toBe(0);
  });

  test("counts no rows in an event of another table or kind", () => {
    const others = Buffer.from(writeRows);
    others[29] = 8;
    expect(counter.count(others)).toBe(0);
    const partial = Buffer.from(writeRows);
    partial[4] = EventType.PARTIAL_UPDATE_ROWS_EVENT;
    expect(counter.count(partial)).toBe(0);
  });

  // A reader that follows the table decodes its events; one that does not only counts their rows.
  // Unless the decoder stops with an error, both must arrive at the same number.
  test("counts the same rows as the decoder does, whatever the bytes", () => {
    const damaged = fc
      .array(
        fc.record({ at: fc.nat(writeRows.length - 6), byte: fc.integer({ min: 0, max: 255 }) }),
        { maxLength: 4 },
      )
      .map((changes) => {
        const event = Buffer.from(writeRows);
        for (const { at, byte } of changes) event[5 + at] = byte;
        return event;
      });
    fc.assert(
      fc.property(damaged, (event) => {
        const decoded = decodedRows(event);
        const counted = counter.count(event);
        if (decoded.stops) expect(counted).toBeGreaterThanOrEqual(0);
        else expect(counted).toBe(decoded.rows);
      }),
      { numRuns: 5000 },
    );
  });
});
