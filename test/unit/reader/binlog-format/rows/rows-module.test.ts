import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ColumnType, type TableDefinition } from "../../../../../reader/binlog-format/column.ts";
import { CorruptEventError } from "../../../../../reader/binlog-format/errors.ts";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import {
  compileRowsDecoder,
  RowsDecoder,
} from "../../../../../reader/binlog-format/rows/rows-event.ts";
import {
  INPUT_BYTES,
  LONGEST_REST,
  MEMORY_BYTES,
  PROGRAMS_BYTES,
  OUTPUT,
  OUTPUT_END,
} from "../../../../../reader/binlog-format/rows-module/assembly/layout.ts";
import { COLUMN } from "./table-definitions.ts";
import { damagedRows, eventOf, manyRows, tableRows } from "./table-rows.ts";

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

/** A table of one JSON column, the length of whose values takes `width` bytes. */
function jsonTable(width: number): TableDefinition {
  const columns = [{ ...COLUMN, name: "j", type: ColumnType.JSON, width }];
  return { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
}

/** An image of one column, the length of whose values takes two bytes. */
function imageOf(value: Buffer): Buffer {
  const image = Buffer.concat([Buffer.alloc(3), value]);
  image.writeUInt16LE(value.length, 1);
  return image;
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

/** Characters that take six bytes of JSON each. */
const CONTROLS = Buffer.alloc(20_000, 1);
/** A JSON document: an array whose two elements are the same string of them. */
const SHARING = Buffer.concat([
  Buffer.from([2, 2, 0, 0, 0, 0x0c, 10, 0, 0x0c, 10, 0]),
  Buffer.of(0xa0, 0x9c, 0x01),
  CONTROLS,
]);

/** Whether no value of the rows can be damaged, as a JSON document can. */
function isAlwaysWritten({ columns }: TableDefinition): boolean {
  return columns.every(({ type }) => type !== ColumnType.JSON);
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

  it("leaves no row without JSON to the decoder, whatever its columns are", () => {
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
    ["a large array", Buffer.from([3, 2, 0, 0, 0, 18, 0, 0, 0, 7, 1, 0, 0, 0, 8, 2, 0, 0, 0])],
    ["an array", Buffer.from([2, 1, 0, 15, 0, 9, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8])],
    ["values at one place", Buffer.from([2, 4, 0, 16, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0])],
    ["members at one place", Buffer.from([0, 2, 0, 18, 0, ...Buffer.alloc(8), 9, 0, 0, 9, 0, 0])],
    ["a double", Buffer.from([11, 1, 2, 3, 4, 5, 6, 7, 8])],
    ["a literal", Buffer.from([4, 1])],
    ["an integer of 16 bits", Buffer.from([5, 1, 2])],
    ["an unsigned integer of 16 bits", Buffer.from([6, 1, 2])],
    ["an integer", Buffer.from([7, 1, 2, 3, 4])],
    ["an unsigned integer", Buffer.from([8, 1, 2, 3, 4])],
    ["an integer of 64 bits", Buffer.from([9, 1, 2, 3, 4, 5, 6, 7, 8])],
    ["an unsigned integer of 64 bits", Buffer.from([10, 1, 2, 3, 4, 5, 6, 7, 8])],
    ["a string", Buffer.from([12, 0x83, 0, 97, 98, 99])],
  ])("shows nothing from behind a JSON document: %s", (_, document) => {
    const definition = jsonTable(1);
    const decoder = compileRowsDecoder(definition);
    for (let length = document.length; length > 0; length--) {
      const rows = [Buffer.from([0, length, ...document])];
      const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], rows);
      const end = event.length - document.length + length;
      const decode = (): unknown => decoder.decode(event, () => undefined, 0, end);
      const without = new RowsDecoder(definition, new JsonWriter(), null);
      if (length === document.length)
        expect(outcome(decoder, event)).toEqual(outcome(without, event));
      else expect(decode).toThrow("a JSON value has an invalid length");
    }
  });

  it.each([
    ["an array's value", "0301000000200000000cf4ffffff"],
    ["an object's key", "010100000020000000f5ffffff07000401000000"],
    ["an array of 2^32 / 5 values", "0334333333200000000cf4ffffff"],
  ])("refuses an offset that would lead to before a JSON document: %s", (_, document) => {
    const definition = jsonTable(2);
    const images = [
      imageOf(Buffer.from("0c0773656372657473", "hex")),
      imageOf(Buffer.from(document, "hex")),
    ];
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], images);
    const texts: string[] = [];
    const decode = (): unknown =>
      compileRowsDecoder(definition).decode(event, (_op, { after }) => texts.push(after));
    expect(decode).toThrow(CorruptEventError);
    expect(texts).toEqual([`{"j":"secrets"}`]);
  });

  it.each([
    ["arrays that share their elements", sharedArrays(10, 12)],
    ["an array that contains itself", Buffer.from([2, 1, 0, 7, 0, 2, 0, 0])],
    ["a large one", Buffer.concat([Buffer.from([2, 1, 0, 7, 0, 2, 0, 0]), Buffer.alloc(5_000)])],
    ["an object with the same long key many times", sharedKeys(3_000, 20_000)],
  ])("refuses a JSON document whose text would be too long: %s", (_, document) => {
    const definition = jsonTable(2);
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [imageOf(document)]);
    const decode = (): unknown => compileRowsDecoder(definition).decode(event, () => undefined);
    expect(decode).toThrow(CorruptEventError);
  });

  it.each([
    ["16 columns in the key", 16, "n", true],
    ["17 columns in the key", 17, "n", false],
    ["names that take half of the space", 1, "n".repeat(PROGRAMS_BYTES / 2 - 1_000), true],
    ["longer names", 1, "n".repeat(PROGRAMS_BYTES / 2), false],
  ])(
    "a table with %s has its rows written, by the module if it can",
    (_, keys, name, isWritten) => {
      const columns = Array.from({ length: keys }, () => ({ ...COLUMN, type: ColumnType.TINY }));
      columns.push({ ...COLUMN, name, type: ColumnType.TINY });
      const primaryKey = Array.from({ length: keys }, (__, index) => index);
      const definition = { id: 1, database: "shop", table: "t", columns, primaryKey };
      const image = Buffer.concat([
        Buffer.alloc((columns.length + 7) >> 3),
        Buffer.alloc(keys + 1, 7),
      ]);
      const images = [[...columns.keys()], [...columns.keys()]];
      const event = eventOf(definition, EventType.UPDATE_ROWS_EVENT, images, [image, image]);
      const decoder = compileRowsDecoder(definition);
      const without = new RowsDecoder(definition, new JsonWriter(), null);
      expect(
        JSON.stringify(outcome(decoder, event)) === JSON.stringify(outcome(without, event)),
      ).toBe(true);
      decoder.decode(event, (_op, { bytes }) =>
        expect(bytes.length === MEMORY_BYTES).toBe(isWritten),
      );
    },
  );

  it("writes JSON documents of as many levels as MySQL allows, and of more", () => {
    const definition = jsonTable(2);
    const decoder = compileRowsDecoder(definition);
    for (const levels of [99, 100, 101, 102, 300]) {
      const image = imageOf(sharedArrays(1, levels));
      const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [image]);
      const text = `{"j":${"[".repeat(levels)}true${"]".repeat(levels)}}`;
      expect(outcome(decoder, event)).toEqual([["c", "", text, "", "", true]]);
    }
  });

  it("writes texts that fill its memory as the decoder does without it", () => {
    fc.assert(
      fc.property(manyRows, ({ definition, event }) => {
        const without = new RowsDecoder(definition, new JsonWriter(), null);
        const texts = [compileRowsDecoder(definition), without].map((decoder) =>
          JSON.stringify(outcome(decoder, event)),
        );
        expect(texts[0] === texts[1]).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it.each([-1, 0, 1])("fills its memory to the end, with names longer by %d", (more) => {
    // 297 rows end one byte behind OUTPUT_END, with their last bracket; the first ones of them have
    // a number that is longer than null by one byte.
    const room = OUTPUT_END + 1 - OUTPUT;
    const length = Math.floor(room / 297) - 9 + more;
    const name = "n".repeat(length);
    const columns = [{ ...COLUMN, name, type: ColumnType.LONG }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const isLonger = Array.from({ length: 1_000 }, (_, i) => i % 297 < room % 297);
    const images = isLonger.map((some) => (some ? Buffer.from([0, 57, 48, 0, 0]) : Buffer.of(1)));
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], images);
    let equal = 0;
    let row = 0;
    compileRowsDecoder(definition).decode(event, (_op, { after, length: written }) => {
      const text = isLonger[row++] === true ? "12345" : "null";
      if (after === `{"${name}":${text}}` && written === after.length) equal++;
    });
    expect(equal).toBe(1_000);
  });

  it.each([
    ["a text", ColumnType.BLOB, CONTROLS, 0],
    ["a text that is longer by 500", ColumnType.BLOB, CONTROLS, 6 * CONTROLS.length + 2 - 500],
    ["strings that share their bytes", ColumnType.JSON, SHARING, 6 * SHARING.length + LONGEST_REST],
  ])("writes %s only into the room that is left", (_, type, value, room) => {
    const name = "n".repeat(Math.floor((OUTPUT_END - OUTPUT - room) / 31) - 9);
    const columns = [{ ...COLUMN, name, type, width: 2, collation: 255 }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const rows = [...Array.from({ length: 30 }, () => Buffer.of(1)), imageOf(value)];
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], rows);
    const without = new RowsDecoder(definition, new JsonWriter(), null);
    const texts = [compileRowsDecoder(definition), without].map((decoder) =>
      JSON.stringify(outcome(decoder, event)),
    );
    expect(texts[0] === texts[1]).toBe(true);
  });

  it("writes the keys of updates only into the room that is left", () => {
    const lengths = Array.from({ length: 18 }, (_, i) => 14_000 + 468 * i);
    // The old key of the 101st row has 300 to 604 bytes too little room.
    lengths.push(Math.ceil((OUTPUT_END - OUTPUT + 300) / 304) - 9);
    for (const length of lengths) {
      const name = "n".repeat(length);
      const columns = [{ ...COLUMN, name, type: ColumnType.LONG }];
      const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [0] };
      const images = Array.from({ length: 300 }, () => Buffer.of(1));
      const event = eventOf(definition, EventType.UPDATE_ROWS_EVENT, [[0], [0]], images);
      const text = `{"${name}":null}`;
      let equal = 0;
      compileRowsDecoder(definition).decode(event, (_op, { before, after, key, oldKey }) => {
        if (before === text && after === text && key === text && oldKey === "") equal++;
      });
      expect(equal).toBe(150);
    }
  });

  it("writes the date of every day that a TIMESTAMP can have", () => {
    const columns = [{ ...COLUMN, name: "t", type: ColumnType.TIMESTAMP2 }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const lastDay = Math.floor(0xffff_ffff / 86_400);
    for (let first = 0; first <= lastDay; first += 10_000) {
      const rows = Array.from({ length: Math.min(10_000, lastDay + 1 - first) }, (_, i) => {
        const image = Buffer.alloc(5);
        image.writeUInt32BE((first + i) * 86_400 + 1, 1);
        return image;
      });
      const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], rows);
      const wrong: string[] = [];
      let day = first;
      compileRowsDecoder(definition).decode(event, (_op, { after }) => {
        const date = new Date(day++ * 86_400_000).toISOString().slice(0, 10);
        if (after !== `{"t":"${date}T00:00:01Z"}`) wrong.push(after);
      });
      expect(wrong).toEqual([]);
    }
  });

  it("writes every hour of a TIME, and the beginning of a TIMESTAMP", () => {
    const time = { ...COLUMN, name: "t", type: ColumnType.TIME2, decimals: 1 };
    const stamp = { ...COLUMN, name: "s", type: ColumnType.TIMESTAMP2, decimals: 1 };
    const columns = [time, stamp];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const rows = Array.from({ length: 2_048 }, (_, i) => {
      const image = Buffer.alloc(1 + 4 + 5);
      image.writeUInt32BE((0x800000 + (i - 1_024) * 0x1000) * 256 + (i % 100), 1);
      image[9] = (i % 10) * 10;
      return image;
    });
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0, 1]], rows);
    const without = new RowsDecoder(definition, new JsonWriter(), null);
    expect(outcome(compileRowsDecoder(definition), event)).toEqual(outcome(without, event));
  });

  it("writes a BINARY that is longer than its column as the decoder does without it", () => {
    const binary = { ...COLUMN, name: "b", type: ColumnType.STRING, collation: 63, maxLength: 4 };
    const definition = { id: 1, database: "shop", table: "t", columns: [binary], primaryKey: [] };
    const rows = [Buffer.concat([Buffer.of(0, 9), Buffer.alloc(9, 0xff)])];
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], rows);
    expect(outcome(compileRowsDecoder(definition), event)).toEqual([
      ["c", "", '{"b":"/////w=="}', "", "", true],
    ]);
  });

  it("keeps both programs of an update when one takes the place of the other", () => {
    const tables = [100_000, 200_000, 250_000].map((length, i) => ({
      ...COLUMN,
      name: `${i}${"n".repeat(length)}`,
      type: ColumnType.TINY,
    }));
    const [other = COLUMN, first = COLUMN, second = COLUMN] = tables;
    const inserted = { id: 1, database: "shop", table: "o", columns: [other], primaryKey: [] };
    const columns = [first, second];
    const updated = { id: 2, database: "shop", table: "t", columns, primaryKey: [] };
    const insert = eventOf(inserted, EventType.WRITE_ROWS_EVENT, [[0]], [Buffer.of(0, 1)]);
    const images = [Buffer.of(0, 2), Buffer.of(0, 3)];
    const update = eventOf(updated, EventType.UPDATE_ROWS_EVENT, [[0], [1]], images);
    for (let turn = 0; turn < 3; turn++) {
      compileRowsDecoder(inserted).decode(insert, () => undefined);
      let isEqual = false;
      compileRowsDecoder(updated).decode(update, (_op, { before, after, bytes }) => {
        expect(bytes.length).toBe(MEMORY_BYTES);
        isEqual = before === `{"${first.name}":2}` && after === `{"${second.name}":3}`;
      });
      expect(isEqual).toBe(true);
    }
  });

  it("takes only the event out of the bytes around it", () => {
    const columns = [{ ...COLUMN, name: "n", type: ColumnType.TINY }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [Buffer.of(0, 7)]);
    const bytes = Buffer.concat([event, Buffer.alloc(MEMORY_BYTES, 0xff)]);
    const decoder = compileRowsDecoder(definition);
    const texts: string[] = [];
    for (let i = 0; i < 2; i++)
      decoder.decode(bytes, (_op, { after }) => texts.push(after), 0, event.length);
    expect(texts).toEqual(['{"n":7}', '{"n":7}']);
  });

  it("keeps the programs of as many tables as fit, and replaces them by others", () => {
    const definitions = Array.from({ length: 8 }, (_, i) => {
      const columns = Array.from({ length: 1 + i }, (__, column) => ({
        ...COLUMN,
        name: `${i} ${column} ${"n".repeat(25_000)}`,
        type: ColumnType.TINY,
      }));
      return { id: i, database: "shop", table: "t", columns, primaryKey: [0] };
    });
    const decoders = definitions.map(compileRowsDecoder);
    for (let turn = 0; turn < 64; turn++) {
      const i = (turn * (turn + 3)) % definitions.length;
      const definition = definitions[i] as TableDefinition;
      const all = [...definition.columns.keys()];
      const rows = [Buffer.from([0, ...all]), Buffer.from([0, turn])];
      const event = eventOf(definition, EventType.UPDATE_ROWS_EVENT, [all, [i]], rows);
      const texts: string[] = [];
      decoders[i]?.decode(event, (_op, { before, after, bytes }) => {
        texts.push(before, after);
        expect(bytes.length).toBe(MEMORY_BYTES);
      });
      const text = (columns: readonly (readonly [number, number])[]): string =>
        `{${columns.map(([column, value]) => `"${definition.columns[column]?.name}":${value}`).join(",")}}`;
      const isEqual =
        texts[0] === text(all.map((column) => [column, column])) && texts[1] === text([[i, turn]]);
      expect(isEqual).toBe(true);
    }
  });

  it("writes a JSON document whose values have no JSON type", () => {
    const definition = jsonTable(1);
    // An array of a DECIMAL(4,2).
    const document = Buffer.from("0201000d000f0700f60404028c22", "hex");
    const image = Buffer.from([0, document.length, ...document]);
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [image, image]);
    const texts: string[] = [];
    compileRowsDecoder(definition).decode(event, (_op, { after, bytes }) => {
      texts.push(after);
      expect(bytes.length).toBe(MEMORY_BYTES);
    });
    expect(texts).toEqual([`{"j":[12.34]}`, `{"j":[12.34]}`]);
  });

  it("writes numbers of single precision with the fewest digits", () => {
    const columns = [{ ...COLUMN, name: "v", type: ColumnType.VECTOR, width: 4 }];
    const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
    // Bits of all sizes; numbers that lie in the middle between two with fewer digits.
    const bits = Array.from({ length: 60_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
    const halves = Array.from({ length: 40_000 }, (_, i) => (i * 8 + 1) / 2 ** (3 + (i % 18)));
    const numbers = [...new Float32Array(new Uint32Array(bits).buffer), ...halves];
    const value = Buffer.from(new Float32Array(numbers).buffer);
    const image = Buffer.concat([Buffer.alloc(5), value]);
    image.writeUInt32LE(value.length, 1);
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [image]);
    const without = new RowsDecoder(definition, new JsonWriter(), null);
    const texts = [compileRowsDecoder(definition), without].map((decoder) =>
      JSON.stringify(outcome(decoder, event)).split(","),
    );
    const wrong = texts[0]?.filter((text, i) => text !== texts[1]?.[i]);
    expect(wrong).toEqual([]);
    expect(texts[0]).toHaveLength(texts[1]?.length ?? 0);
  });

  it.each([
    ["insert", EventType.WRITE_ROWS_EVENT, 1],
    ["update", EventType.UPDATE_ROWS_EVENT, 2],
  ])("writes the long rows of an %s, up to the longest event that it takes", (_, type, images) => {
    const column = { ...COLUMN, name: "body", type: ColumnType.BLOB, collation: 255, width: 3 };
    const definition = { id: 1, database: "shop", table: "t", columns: [column], primaryKey: [] };
    const all = Array.from({ length: images }, () => [0]);
    for (const rows of [100_000, 300_000, INPUT_BYTES, INPUT_BYTES + 1]) {
      const image = Buffer.alloc(Math.floor(rows / images), 'a "text" ');
      image.writeUInt32LE((image.length - 4) << 8);
      const both = [Buffer.concat([image, Buffer.alloc(rows % images)]), image].slice(0, images);
      both[0]?.writeUInt32LE(((both[0].length - 4) << 8) >>> 0);
      const event = eventOf(definition, type, all, both);
      const isWritten: boolean[] = [];
      const decoder = compileRowsDecoder(definition);
      decoder.decode(event, (_op, { bytes }) => isWritten.push(bytes.length === MEMORY_BYTES));
      expect(isWritten).toEqual([rows <= INPUT_BYTES]);
      const without = new RowsDecoder(definition, new JsonWriter(), null);
      const texts = [decoder, without].map((one) => JSON.stringify(outcome(one, event)));
      expect(texts[0] === texts[1]).toBe(true);
    }
  });

  it("writes text of several bytes per character only into the room that is left", () => {
    for (let room = 120_000 - 40; room < 120_000 + 40; room++) {
      const name = "n".repeat(Math.floor((OUTPUT_END - OUTPUT - room) / 31) - 9);
      const columns = [{ ...COLUMN, name, type: ColumnType.BLOB, width: 2, collation: 13 }];
      const definition = { id: 1, database: "shop", table: "t", columns, primaryKey: [] };
      const rows = [...Array.from({ length: 30 }, () => Buffer.of(1)), imageOf(CONTROLS)];
      const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], rows);
      const expected = `{"${name}":"${"\\u0001".repeat(CONTROLS.length)}"}`;
      let last = "";
      compileRowsDecoder(definition).decode(event, (_op, { after }) => (last = after));
      expect(last === expected).toBe(true);
    }
  });

  it("writes a JSON document with a long string itself", () => {
    const string = Buffer.concat([Buffer.of(0x0c, 0xa0, 0x9c, 0x01), Buffer.alloc(20_000, "s")]);
    const definition = jsonTable(2);
    const event = eventOf(definition, EventType.WRITE_ROWS_EVENT, [[0]], [imageOf(string)]);
    compileRowsDecoder(definition).decode(event, (_op, { after, bytes }) => {
      expect(after).toBe(`{"j":"${"s".repeat(20_000)}"}`);
      expect(bytes.length).toBe(MEMORY_BYTES);
    });
  });

  it("writes more rows than it has room for at once, and rows that are too long for it", () => {
    const column = { ...COLUMN, name: "note", type: ColumnType.BLOB, collation: 255, width: 3 };
    const definition = { id: 1, database: "shop", table: "t", columns: [column], primaryKey: [0] };
    const event = (...rows: Buffer[]): Buffer =>
      eventOf(definition, EventType.UPDATE_ROWS_EVENT, [[0], [0]], rows);
    const decoder = compileRowsDecoder(definition);
    const without = new RowsDecoder(definition, new JsonWriter(), null);
    const lengths = [notes(1, 5_000), notes(1, 14_000), notes(30_000, 2), notes(3_000_000, 4)];
    for (const rows of lengths)
      expect(outcome(decoder, event(...rows))).toEqual(outcome(without, event(...rows)));
  });
});
