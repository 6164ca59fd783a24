import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ColumnType } from "../../../../../reader/binlog-format/column.ts";
import {
  CorruptEventError,
  MissingRowMetadataError,
  UnsupportedEventError,
} from "../../../../../reader/binlog-format/errors.ts";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import { RowCounter } from "../../../../../reader/binlog-format/rows/row-counter.ts";
import {
  compileRowsDecoder,
  type OnRow,
  RowsDecoder,
  rowsEventTableId,
} from "../../../../../reader/binlog-format/rows/rows-event.ts";
import {
  parseTableMap,
  parseTableMapColumns,
  parseTableMapName,
} from "../../../../../reader/binlog-format/rows/table-map.ts";
import { recorded } from "../recorded-events.ts";

const tableMap = recorded.TABLE_MAP.subarray(0, -4);
const writeRows = recorded.WRITE_ROWS.subarray(0, -4);
const decoder = compileRowsDecoder(parseTableMap(tableMap));
const counter = new RowCounter(parseTableMapColumns(tableMap));

function rowsOf(event: Buffer): string[][] {
  const rows: string[][] = [];
  decoder.decode(event, (op, { key, oldKey, before, after }) =>
    rows.push([op, key, oldKey, before, after]),
  );
  return rows;
}

const FIRST =
  '{"id":1,"name":"Zoë \\"Z\\"","status":"paid","amount":"-1234567.89",' +
  '"attrs":{"n":18446744073709551615,"tags":["x",1.5,null]},"created":"2026-01-02 03:04:05.678","note":"£5"}';
const SECOND =
  '{"id":2,"name":null,"status":null,"amount":null,"attrs":null,"created":null,"note":null}';

describe("parseTableMap", () => {
  it("returns names, real types, members and the primary key", () => {
    const { columns, ...table } = parseTableMap(tableMap);
    expect(table).toEqual({ id: 122, database: "shop", table: "orders", primaryKey: [0] });
    expect(
      columns.map(({ name, type, unsigned, nullable }) => [name, type, unsigned, nullable]),
    ).toEqual([
      ["id", 3, true, false],
      ["name", 15, false, true],
      ["status", 247, false, true],
      ["amount", 246, false, true],
      ["attrs", 245, false, true],
      ["created", 18, false, true],
      ["note", 252, false, true],
    ]);
    expect(columns[1]).toMatchObject({ collation: 255, maxLength: 80 });
    expect(columns[2]?.members).toEqual(["new", "paid"]);
    expect(columns[3]).toMatchObject({ precision: 12, decimals: 2 });
  });

  it("returns only the name when only the name is parsed", () => {
    expect(parseTableMapName(tableMap)).toEqual({ id: 122, database: "shop", table: "orders" });
    expect(rowsEventTableId(writeRows)).toBe(122);
  });

  it("refuses an event that ends before the last column's name", () => {
    const namesEnd = tableMap.indexOf("note") + "note".length;
    for (let length = 19; length < namesEnd; length++) {
      const cut = tableMap.subarray(0, length);
      // Cut between two fields, the event looks like one of binlog_row_metadata=MINIMAL.
      expect(() => parseTableMap(cut)).toThrow(/ends inside a field|binlog_row_metadata/);
    }
  });

  it("names the setting that is wrong when the columns have no names", () => {
    const names = tableMap.indexOf("\u0002id") - 2;
    const minimal = Buffer.concat([
      tableMap.subarray(0, names),
      tableMap.subarray(tableMap.indexOf("note") + 4),
    ]);
    const error = new MissingRowMetadataError("shop", "orders");
    expect(() => parseTableMap(minimal)).toThrow(error);
    expect(error).toMatchObject({ database: "shop", table: "orders" });
    expect(error.message).toContain("SET PERSIST binlog_row_metadata = 'FULL'");
  });
});

describe("RowsDecoder", () => {
  it("decodes inserts, updates and deletes", () => {
    expect(rowsOf(writeRows)).toEqual([
      ["c", '{"id":1}', "", "", FIRST],
      ["c", '{"id":2}', "", "", SECOND],
    ]);
    expect(rowsOf(recorded.UPDATE_ROWS_MINIMAL.subarray(0, -4))).toEqual([
      ["u", '{"id":1}', "", '{"id":1}', '{"amount":"0.50"}'],
    ]);
    expect(rowsOf(recorded.UPDATE_ROWS_KEY.subarray(0, -4))).toEqual([
      ["u", '{"id":3}', '{"id":2}', '{"id":2}', '{"id":3}'],
    ]);
    expect(rowsOf(recorded.DELETE_ROWS.subarray(0, -4))).toEqual([
      ["d", '{"id":3}', "", SECOND.replace("2", "3"), ""],
    ]);
  });

  it("returns how many rows there were", () => {
    expect(decoder.decode(writeRows, () => undefined)).toBe(2);
  });

  it("decodes events of version 1, which have no extra data", () => {
    const version1 = Buffer.concat([writeRows.subarray(0, 27), writeRows.subarray(29)]);
    version1[4] = EventType.WRITE_ROWS_EVENT_V1;
    expect(rowsOf(version1)).toEqual(rowsOf(writeRows));
  });

  it("skips extra data", () => {
    const extra = Buffer.concat([
      writeRows.subarray(0, 29),
      Buffer.from([1, 2, 3]),
      writeRows.subarray(29),
    ]);
    extra.writeUInt16LE(5, 27);
    expect(rowsOf(extra)).toEqual(rowsOf(writeRows));
  });

  it("does not pass on a row that is cut off by the event's end", () => {
    const firstRowEnds = writeRows.length - 5;
    for (let length = 19; length < writeRows.length; length++) {
      if (length === ROWS_BEGIN || length === firstRowEnds) continue;
      let rows = 0;
      expect(() => decoder.decode(writeRows.subarray(0, length), () => rows++)).toThrow(
        CorruptEventError,
      );
      expect(rows).toBe(length < firstRowEnds ? 0 : 1);
    }
  });

  it("refuses rows with another number of columns than the table map, and events that are not rows events", () => {
    const others = Buffer.from(writeRows);
    others[29] = 8;
    expect(() => rowsOf(others)).toThrow(CorruptEventError);
    const partial = Buffer.from(writeRows);
    partial[4] = EventType.PARTIAL_UPDATE_ROWS_EVENT;
    expect(() => rowsOf(partial)).toThrow("binlog_row_value_options");
  });

  it("writes both images of an update as it writes the same images of inserts", () => {
    fc.assert(
      fc.property(image, image, (before, after) => {
        const [first = [], second = []] = rowsOf(insert(before, after));
        const [, firstKey = "", , , firstText = ""] = first;
        const [, secondKey = "", , , secondText = ""] = second;
        const isSame = firstKey === secondKey;
        expect(rowsOf(update(before, after, after, before))).toEqual([
          ["u", secondKey, isSame ? "" : firstKey, firstText, secondText],
          ["u", firstKey, isSame ? "" : secondKey, secondText, firstText],
        ]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("turns any bytes into valid JSON or a named error", () => {
    fc.assert(
      fc.property(damage(writeRows), (event) => {
        namedErrorsOnly(() =>
          decoder.decode(event, (_op, { key, after }) => {
            JSON.parse(after);
            if (key !== "") JSON.parse(key);
          }),
        );
      }),
      { numRuns: 3_000 },
    );
  });

  it("reads an event only from its start to its end, whatever surrounds it", () => {
    const events = fc
      .constantFrom(writeRows, update(...IMAGES, ...IMAGES))
      .chain((event) => fc.tuple(damage(event), fc.nat(40)))
      .map(([event, cut]) => event.subarray(0, Math.max(19, event.length - Math.max(0, cut - 20))));
    const surroundings = fc.oneof(
      fc
        .uint8Array({ minLength: 1, maxLength: 200, size: "max" })
        .map((bytes) => Buffer.from(bytes)),
      fc.constant(writeRows),
    );
    fc.assert(
      fc.property(events, surroundings, (event, around) => {
        expect(outcome(event, around)).toEqual(outcome(event, Buffer.alloc(0)));
      }),
      { numRuns: 1_500 },
    );
  });

  it("turns any table map into valid JSON or a named error", () => {
    fc.assert(
      fc.property(damage(tableMap), (event) => {
        namedErrorsOnly(() => rowsWith(event));
      }),
      { numRuns: 3_000 },
    );
  });

  it("accepts no lengths and precisions that MySQL does not allow", () => {
    const types = tableMap.indexOf(Buffer.from("030ffef6f512fc09", "hex"));
    const accepted = Array.from({ length: 9 }, (_, i) => {
      const event = Buffer.from(tableMap);
      const values = Array.from({ length: 256 }, (__, value) => value);
      return values.filter((value) => {
        event[types + 8 + i] = value;
        return namedErrorsOnly(() => rowsWith(event));
      });
    });
    const [, , , enumLength, precision, decimals, json, fraction, blob] = accepted;
    expect({ enumLength, json, fraction, blob }).toEqual({
      enumLength: [1, 2],
      json: [1, 2, 3, 4],
      fraction: [0, 1, 2, 3, 4, 5, 6],
      blob: [1, 2, 3, 4],
    });
    expect(precision).toEqual(Array.from({ length: 64 }, (_, i) => i + 2));
    expect(decimals).toEqual(Array.from({ length: 13 }, (_, i) => i));
    expect(() => parseTableMap(setOfNine())).toThrow("a SET has more members than bits");
  });
});

/** The offset of the first row in the recorded event, bytes. */
const ROWS_BEGIN = 31;

/** The two recorded row images; the second has only an id. */
const IMAGES = [writeRows.subarray(ROWS_BEGIN, -5), writeRows.subarray(-5)];

/** A value's bytes, or null. The few choices make row images that often have equal values. */
const some = (...values: readonly (string | null)[]): fc.Arbitrary<Buffer | null> =>
  fc.constantFrom(...values.map((hex) => (hex === null ? null : Buffer.from(hex, "hex"))));

/** A row image of the recorded table; the test of its table map lists the columns. */
const image: fc.Arbitrary<Buffer> = fc
  .tuple(
    some("01000000", "02000000", "ffffffff"),
    some(null, "00", "026162", "0361225c", "0161"),
    some(null, "01", "02"),
    some(null, "800012d68759", "7fffed2978a6"),
    some(null, "020000000401", "020000000400"),
    some(null, "99b98431051a72", "99b98431050000"),
    some(null, "0000", "010078", "0300c2a335"),
  )
  .map((values) => {
    const nulls = values.reduce((bits, value, i) => bits | (value === null ? 1 << i : 0), 0);
    return Buffer.concat([Buffer.of(nulls), ...values.filter((value) => value !== null)]);
  });

function insert(...images: readonly Buffer[]): Buffer {
  return Buffer.concat([writeRows.subarray(0, ROWS_BEGIN), ...images]);
}

/** An update event of pairs of images: the row before, the row after. */
function update(...images: readonly Buffer[]): Buffer {
  const bitmap = writeRows.subarray(ROWS_BEGIN - 1, ROWS_BEGIN);
  const event = insert(bitmap, ...images);
  event[4] = EventType.UPDATE_ROWS_EVENT;
  return event;
}

/** The rows of an event with `around` before and behind it, and whether it was read to its end. */
function outcome(event: Buffer, around: Buffer): unknown[] {
  const rows: unknown[] = [];
  const bytes = Buffer.concat([around, event, around]);
  const start = around.length;
  const end = start + event.length;
  const onRow: OnRow = (_op, { before, after, key }) => rows.push([before, after, key]);
  const isRead = namedErrorsOnly(() => {
    decoder.decode(bytes, onRow, start, end);
  });
  return [...rows, isRead, counter.count(bytes, start, end)];
}

/** The recorded table map with a SET instead of the ENUM, of nine members in one byte. */
function setOfNine(): Buffer {
  const event = Buffer.from(tableMap);
  const members = Buffer.from("060a02036e65770470616964", "hex");
  event.set([5, 10, 9, ...Buffer.alloc(9)], event.indexOf(members));
  event[event.indexOf(Buffer.from("f701", "hex"))] = ColumnType.SET;
  return event;
}

/** The recorded rows, read with a table map: by the module of rows, and the same without it. */
function rowsWith(event: Buffer): void {
  const definition = parseTableMap(event);
  const [first, second] = [
    compileRowsDecoder(definition),
    new RowsDecoder(definition, new JsonWriter(), null),
  ].map((other) => {
    const rows: string[] = [];
    const isRead = namedErrorsOnly(() =>
      other.decode(writeRows, (_op, { after }) => {
        JSON.parse(after);
        rows.push(after);
      }),
    );
    return [...rows, isRead];
  });
  expect(first).toEqual(second);
}

/** The event with one to six bytes behind its header replaced. */
function damage(event: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.integer({ min: 19, max: event.length - 1 }), fc.nat(255));
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    const damaged = Buffer.from(event);
    for (const [offset, value] of changes) damaged[offset] = value;
    return damaged;
  });
}

/** Whether the action ended without an error. Throws errors that are not named ones. */
function namedErrorsOnly(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    const named =
      error instanceof CorruptEventError ||
      error instanceof UnsupportedEventError ||
      error instanceof MissingRowMetadataError;
    if (!named) throw error;
    return false;
  }
}
