import fc from "fast-check";
import { expect, it } from "vitest";
import {
  BINARY_COLLATION,
  type Column,
  ColumnType,
} from "../../../../../reader/binlog-format/column.ts";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import { columnOperation } from "../../../../../reader/binlog-format/rows/column-operation.ts";
import { storedLength } from "../../../../../reader/binlog-format/rows/image-lengths.ts";
import { ProgramTexts } from "../../../../../reader/binlog-format/rows/program-texts.ts";
import { OTHER } from "../../../../../reader/binlog-format/rows-module/assembly/layout.ts";
import { columnWriter } from "../../../../../reader/binlog-format/values/column-writer.ts";
import { rowImage } from "./row-images.ts";
import { COLUMN, tableDefinition } from "./table-definitions.ts";

// The module of rows compares a value's longest JSON with the room that is left, and then writes
// the value without looking.

const json = new JsonWriter();

/** By how many bytes a value's JSON is shorter than it may be. `value`: with its length, if any. */
function spare(column: Column, value: Buffer): number {
  const { code, longest, longestPerByte = 0 } = columnOperation(column, new ProgramTexts(0));
  if (code === OTHER) return 0; // its JSON is measured when it is there
  json.reset();
  const end = columnWriter(column)(Buffer.concat([value, Buffer.alloc(16)]), 0, json);
  expect(end).toBe(value.length);
  const stored = storedLength(column);
  const length = stored < 0 ? value.length + stored : stored;
  return longest + longestPerByte * length - json.position;
}

const withLength = (column: Column, bytes: Buffer): Buffer => {
  const prefix = Buffer.alloc(-storedLength(column));
  prefix.writeUIntLE(bytes.length, 0, prefix.length);
  return Buffer.concat([prefix, bytes]);
};

const float64 = (value: number): Buffer => Buffer.from(new Float64Array([value]).buffer);
const float32 = (value: number): Buffer => Buffer.from(new Float32Array([value]).buffer);
const CONTROLS = Buffer.alloc(50, 1);
const LONG = "é\n".repeat(60);

const integer = { ...COLUMN, type: ColumnType.LONGLONG };
const double = { ...COLUMN, type: ColumnType.DOUBLE };
const single = { ...COLUMN, type: ColumnType.FLOAT };
const decimal = { ...COLUMN, type: ColumnType.NEWDECIMAL, precision: 65, decimals: 30 };
const fraction = { ...decimal, precision: 30 };
const bit = { ...COLUMN, type: ColumnType.BIT, precision: 64 };
const datetime = { ...COLUMN, type: ColumnType.DATETIME2, decimals: 6 };
const timestamp = { ...datetime, type: ColumnType.TIMESTAMP2 };
const time = { ...datetime, type: ColumnType.TIME2 };
const utf8 = { ...COLUMN, type: ColumnType.BLOB, width: 2, collation: 255 };
const latin1 = { ...utf8, collation: 8 };
const blob = { ...utf8, collation: BINARY_COLLATION };
const geometry = { ...COLUMN, type: ColumnType.GEOMETRY, width: 2 };
const binary = { ...blob, type: ColumnType.STRING, maxLength: 255 };
const enumeration = { ...COLUMN, type: ColumnType.ENUM, width: 1, members: ["a", LONG, "b"] };
const set = { ...COLUMN, type: ColumnType.SET, width: 8, members: [LONG, "", "a", LONG] };
const document = { ...COLUMN, type: ColumnType.JSON, width: 2 };
const vector = { ...COLUMN, type: ColumnType.VECTOR, width: 4 };

/** An array of as many numbers as it may have that share their bytes. */
const sharing = Buffer.concat([
  Buffer.from([2, 23, 0, 81, 0]),
  ...Array.from({ length: 23 }, () => Buffer.from([11, 73, 0])),
  float64(-1.2345678901234567e-308),
]);

/** Small arrays within each other; the innermost has one literal. */
const nested = Buffer.concat([
  Buffer.of(2),
  ...Array.from({ length: 99 }, () => Buffer.from([1, 0, 7, 0, 2, 7, 0])),
  Buffer.from([1, 0, 7, 0, 4, 2, 0]),
]);

it.each<[string, Column, Buffer]>([
  ["an integer", integer, Buffer.from("0000000000000080", "hex")],
  ["an unsigned integer", { ...integer, unsigned: true }, Buffer.alloc(8, 0xff)],
  ["a double with an exponent", double, float64(-1.2345678901234567e-308)],
  ["a double without an exponent", double, float64(-0.0000012345678901234567)],
  ["a number of single precision", single, float32(-0.00000123456789)],
  ["a decimal", decimal, Buffer.alloc(30, 0)],
  ["a decimal below one", fraction, Buffer.alloc(14, 0)],
  ["bits", bit, Buffer.alloc(8, 0xff)],
  ["a datetime", datetime, Buffer.alloc(8, 0xff)],
  ["a timestamp", timestamp, Buffer.alloc(7, 0xff)],
  ["a time", time, Buffer.from("0000000f423f", "hex")],
  ["control characters", utf8, withLength(utf8, CONTROLS)],
  ["no character", utf8, withLength(utf8, Buffer.alloc(0))],
  ["control characters of latin1", latin1, withLength(latin1, CONTROLS)],
  ["a byte", blob, withLength(blob, Buffer.of(1))],
  ["bytes", blob, withLength(blob, CONTROLS)],
  ["a geometry", geometry, withLength(geometry, CONTROLS)],
  ["zeros that are not stored", binary, withLength(binary, Buffer.alloc(0))],
  ["the longest member", enumeration, Buffer.of(2)],
  ["no member", { ...enumeration, members: [] }, Buffer.of(0)],
  ["all members", set, Buffer.alloc(8, 0xff)],
  ["the only member", { ...set, members: [""] }, Buffer.alloc(8, 0xff)],
  ["no document", document, withLength(document, Buffer.alloc(0))],
  ["a document of the least length", document, withLength(document, Buffer.from([4, 2]))],
  [
    "a document of control characters",
    document,
    withLength(document, Buffer.from([12, 50, ...CONTROLS])),
  ],
  ["a document whose values share their bytes", document, withLength(document, sharing)],
  ["a document of many levels", document, withLength(document, nested)],
  ["no numbers", vector, withLength(vector, Buffer.alloc(0))],
  [
    "numbers",
    vector,
    withLength(vector, Buffer.concat(Array.from({ length: 30 }, () => float32(-1.2345679e20)))),
  ],
])("the JSON of %s is not longer than its operation says", (_, column, value) => {
  expect(spare(column, value)).toBeGreaterThanOrEqual(0);
});

it("the JSON of no value of any column is longer than its operation says", () => {
  const values = tableDefinition.chain(({ columns: [column = COLUMN] }) =>
    rowImage([column]).map((image) => ({ column, image })),
  );
  fc.assert(
    fc.property(values, ({ column, image }) => {
      // NULL, and damaged documents, have no JSON.
      fc.pre(image[0] === 0);
      let bytes = 0;
      try {
        bytes = spare(column, image.subarray(1));
      } catch (error) {
        fc.pre(!(error instanceof Error && error.name === "CorruptEventError"));
        throw error;
      }
      expect(bytes).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 3_000 },
  );
});
