import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ColumnType, type TableDefinition } from "../../../../../reader/binlog-format/column.ts";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import {
  compileRowsDecoder,
  RowsDecoder,
} from "../../../../../reader/binlog-format/rows/rows-event.ts";
import { MEMORY_BYTES } from "../../../../../reader/binlog-format/rows-module/assembly/layout.ts";
import { COLUMN } from "./table-definitions.ts";
import { damagedRows, eventOf, tableRows } from "./table-rows.ts";

/** The rows that are passed on, and the error behind them. */
function outcome(decoder: RowsDecoder, event: Buffer): unknown[] {
  const rows: unknown[] = [];
  try {
    decoder.decode(event, (op, { before, after, key, oldKey, isWhole }) =>
      rows.push([op, before, after, key, oldKey, isWhole]),
    );
  } catch (error) {
    rows.push(error instanceof Error ? [error.name, error.message] : error);
  }
  return rows;
}

/** Images of a column of text: its length in three bytes, and characters that need an escape. */
function notes(length: number, count: number): Buffer[] {
  const image = Buffer.alloc(4 + length, 1);
  image.writeUInt32LE(length << 8);
  return Array.from({ length: count }, () => image);
}

/** Arrays within arrays, each with the same array `count` times; the innermost has `true`. */
function sharedArrays(count: number, levels: number): Buffer {
  const size = 4 + 3 * count;
  const arrays = Array.from({ length: levels }, (_, level) => {
    const entry = level === levels - 1 ? [4, 1, 0] : [2, size, 0];
    return Buffer.from([count, 0, size, 0, ...Array.from({ length: count }, () => entry).flat()]);
  });
  return Buffer.concat([Buffer.of(2), ...arrays]);
}

/** An object whose `count` members have the same key of `length` characters. */
function sharedKeys(count: number, length: number): Buffer {
  const keysEnd = 4 + count * 4;
  const document = Buffer.alloc(1 + keysEnd + count * 3 + length, "k");
  document.writeUInt8(0);
  document.writeUInt16LE(count, 1);
  for (let i = 0; i < count; i++) {
    document.writeUInt16LE(keysEnd + count * 3, 5 + i * 4);
    document.writeUInt16LE(length, 7 + i * 4);
    document.set([4, 1, 0], 1 + keysEnd + i * 3);
  }
  return document;
}

/** Collations of ucs2 and sjis. */
const SEVERAL_BYTES = [35, 13];

/** Whether the module writes values of all columns itself, whatever they are. */
function isAlwaysWritten({ columns }: TableDefinition): boolean {
  return columns.every(
    ({ type, collation }) =>
      type !== ColumnType.VECTOR && type !== ColumnType.JSON && !SEVERAL_BYTES.includes(collation),
  );
}

describe("the module of rows", () => {
  it.each([
    ["any rows", tableRows],
    ["damaged rows", damagedRows],
  ])("writes %s as the decoder does without it", (_, rows) => {
    fc.assert(
      fc.property(rows, ({ definition, event }) => {
        const without = new RowsDecoder(definition, new JsonWriter(), null);
        expect(outcome(compileRowsDecoder(definition), event)).toEqual(outcome(without, event));
      }),
      { numRuns: 2_500 },
    );
  });

  it("leaves no row whose columns it can write to the decoder", () => {
    const written = tableRows.filter(({ definition }) => isAlwaysWritten(definition));
    fc.assert(
      fc.property(written, ({ definition, event }) => {
        compileRowsDecoder(definition).decode(event, (_op, { bytes }) =>
          expect(bytes.length).toBe(MEMORY_BYTES),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("shows nothing of an earlier event behind the end of an event", () => {
    const cut = tableRows.chain(({ definition, event }) =>
      fc.nat(event.length - 1).map((length) => ({ definition, event, length })),
    );
    fc.assert(
      fc.property(cut, ({ definition, event, length }) => {
        const decoder = compileRowsDecoder(definition);
        const without = new RowsDecoder(definition, new JsonWriter(), null);
        outcome(decoder, event);
        const beginning = Buffer.from(event.subarray(0, length));
        expect(outcome(decoder, beginning)).toEqual(outcome(without, beginning));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["an object", Buffer.from([0, 3, 0, 25, 0, ...Buffer.alloc(12), 5, 1, 2, 4, 1, 0, 6, 3, 4])],
    ["a large array", Buffer.from([3, 2, 0, 0, 0, 18, 0, 0, 0, 7, 1, 2, 3, 4, 8, 5, 6, 7, 8])],
    ["an array", Buffer.from([2, 1, 0, 15, 0, 9, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8])],
    ["a double", Buffer.from([11, 1, 2, 3, 4, 5, 6, 7, 8])],
    ["an integer", Buffer.from([7, 1, 2, 3, 4])],
    ["a string", Buffer.from([12, 0x83, 0, 97, 98, 99])],
  ])("shows nothing from behind a JSON document: %s", (_, document) => {
    const columns = [{ ...COLUMN, name: "j", type: ColumnType.JSON, width: 1 }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const decoder = compileRowsDecoder(definition);
    for (let length = document.length; length > 1; length--) {
      const rows = [Buffer.from([0, length, ...document])];
      const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], rows);
      const end = event.length - document.length + length;
      const texts: string[] = [];
      const decode = (): unknown =>
        decoder.decode(event, (_op, { after }) => texts.push(after), 0, end);
      if (length === document.length) expect(decode()).toBe(1);
      else expect(decode).toThrow("a JSON value has an invalid length");
    }
  });

  it.each([
    ["arrays that share their elements", sharedArrays(10, 12)],
    ["an array that contains itself", Buffer.from([2, 1, 0, 7, 0, 2, 0, 0])],
    ["an object with the same long key many times", sharedKeys(3_000, 20_000)],
  ])("refuses a JSON document whose text would be too long: %s", (_, document) => {
    const columns = [{ ...COLUMN, name: "j", type: ColumnType.JSON, width: 2 }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const image = Buffer.concat([Buffer.alloc(3), document]);
    image.writeUInt16LE(document.length, 1);
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [image]);
    const refused = [["CorruptEventError", "a JSON value has an invalid offset"]];
    expect(outcome(compileRowsDecoder(definition), event)).toEqual(refused);
  });

  it("writes JSON documents of as many levels as MySQL allows, and of more", () => {
    const columns = [{ ...COLUMN, name: "j", type: ColumnType.JSON, width: 2 }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const decoder = compileRowsDecoder(definition);
    for (const levels of [99, 100, 101, 102, 300]) {
      const document = sharedArrays(1, levels);
      const image = Buffer.concat([Buffer.alloc(3), document]);
      image.writeUInt16LE(document.length, 1);
      const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [image]);
      const text = `{"j":${"[".repeat(levels)}true${"]".repeat(levels)}}`;
      expect(outcome(decoder, event)).toEqual([["c", "", text, "", "", true]]);
    }
  });

  it("writes more rows than it has room for at once, and rows that are too long for it", () => {
    const column = { ...COLUMN, name: "note", type: ColumnType.BLOB, collation: 255, width: 3 };
    const definition = { id: 1, database: "shop", table: "t", columns: [column], primaryKey: [0] };
    const event = (...rows: Buffer[]): Buffer =>
      eventOf(definition, EventType.UPDATE_ROWS_EVENT, [[0], [0]], rows);
    const decoder = compileRowsDecoder(definition);
    const without = new RowsDecoder(definition, new JsonWriter(), null);
    for (const rows of [notes(1, 5_000), notes(30_000, 2), notes(60_000, 2), notes(3_000_000, 4)])
      expect(outcome(decoder, event(...rows))).toEqual(outcome(without, event(...rows)));
  });
});
