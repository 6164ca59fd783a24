import { ColumnType } from "../column.ts";
import { CorruptEventError } from "../errors.ts";
import type { JsonWriter } from "../json-writer.ts";
import { decimalBytes, writeDecimalNumber } from "./decimal.ts";
import { writeNumber } from "./floats.ts";
import { integerWriter, writeInt64, writeUint64 } from "./integers.ts";
import { writePackedDate, writePackedDatetime, writePackedTime } from "./packed-temporal.ts";
import { readLength, type ValueWriter } from "./value-writer.ts";

/** The types of values in MySQL's binary JSON; sql-common/json_binary.h describes the format. */
const Type = {
  SMALL_OBJECT: 0x00,
  LARGE_OBJECT: 0x01,
  SMALL_ARRAY: 0x02,
  LARGE_ARRAY: 0x03,
  LITERAL: 0x04,
  INT16: 0x05,
  UINT16: 0x06,
  INT32: 0x07,
  UINT32: 0x08,
  INT64: 0x09,
  UINT64: 0x0a,
  DOUBLE: 0x0b,
  STRING: 0x0c,
  OPAQUE: 0x0f,
} as const;

const writeInt16 = integerWriter(2, false);
const writeUint16 = integerWriter(2, true);
const writeInt32 = integerWriter(4, false);
const writeUint32 = integerWriter(4, true);

/** The bytes of a value of each type up to DOUBLE, at least; a value of another type has one. */
const SIZES = [4, 8, 4, 8, 1, 2, 2, 4, 4, 8, 8, 8];

/** The bytes of a date or time inside a JSON document. */
const PACKED_BYTES = 8;

/**
 * A document's text has at most so many bytes for each of the document's, as a control character in
 * a string does, and a few more. When offsets in a damaged document lead to the same value again
 * and again, the text could be millions of times as long.
 */
const LONGEST_OF_BYTE = 6;
const SPARE = 64;

const LITERALS = ["null", "true", "false"].map((literal) => Buffer.from(literal));

/**
 * A JSON column, as JSON: numbers with all digits, the members of an object in MySQL's order, and
 * values without a JSON type (DECIMAL, dates and times, binary strings) as MySQL prints them. The
 * JSON literal null and SQL's NULL are both written as null.
 */
export function jsonWriter(width: number): ValueWriter {
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    valueEnd = end;
    textEnd = json.position + SPARE + LONGEST_OF_BYTE * (end - start);
    // ALTER TABLE writes an empty value for a new NOT NULL column; MySQL reads it as null.
    if (start === end) json.ascii("null");
    else writeValue(row, row.readUInt8(start), start + 1, json);
    return end;
  };
}

/**
 * Where the present value of a JSON column ends. Behind it are other values and other events, so an
 * offset inside the value must not lead there.
 */
let valueEnd = 0;
/** Up to where its values can begin in the text. */
let textEnd = 0;

/** Writes the value of `type` that begins at `at` in `row`. */
function writeValue(row: Buffer, type: number, at: number, json: JsonWriter): void {
  checkedEnd(at, SIZES[type] ?? 1);
  if (json.position > textEnd) corrupt("offset");
  switch (type) {
    case Type.SMALL_OBJECT:
      writeObject(row, at, 2, json);
      break;
    case Type.LARGE_OBJECT:
      writeObject(row, at, 4, json);
      break;
    case Type.SMALL_ARRAY:
      writeArray(row, at, 2, json);
      break;
    case Type.LARGE_ARRAY:
      writeArray(row, at, 4, json);
      break;
    case Type.LITERAL:
      json.raw(LITERALS[row.readUInt8(at)] ?? corrupt("literal"));
      break;
    case Type.INT16:
      writeInt16(row, at, json);
      break;
    case Type.UINT16:
      writeUint16(row, at, json);
      break;
    case Type.INT32:
      writeInt32(row, at, json);
      break;
    case Type.UINT32:
      writeUint32(row, at, json);
      break;
    case Type.INT64:
      writeInt64(row, at, json);
      break;
    case Type.UINT64:
      writeUint64(row, at, json);
      break;
    case Type.DOUBLE:
      writeDouble(row.readDoubleLE(at), json);
      break;
    case Type.STRING: {
      const short = row.readUInt8(at);
      if (short < 0x80) {
        json.utf8String(row, at + 1, checkedEnd(at + 1, short));
        break;
      }
      const { start, length } = readVariableLength(row, at);
      json.utf8String(row, start, checkedEnd(start, length));
      break;
    }
    case Type.OPAQUE:
      writeOpaque(row, at, json);
      break;
    default:
      corrupt("value type");
  }
}

/** Writes a double with its point, as MySQL does: the JSON values 1.0 and 1 differ. */
export function writeDouble(value: number, json: JsonWriter): void {
  writeNumber(json, value);
  if (Number.isInteger(value) && Math.abs(value) < 1e21) json.ascii(".0");
}

/**
 * Layout: the number of members, the size; for each member the key's offset and length; for each
 * member the value's entry. Offsets count from the object's start. `wide` is the width of an
 * offset, bytes: 2 in a small object, 4 in a large one.
 */
function writeObject(row: Buffer, start: number, wide: 2 | 4, json: JsonWriter): void {
  const count = readOffset(row, start, wide);
  const keys = start + 2 * wide;
  const values = keys + count * (wide + 2);
  checkedEnd(values, count * (1 + wide));
  json.character(0x7b);
  for (let i = 0; i < count; i++) {
    if (i > 0) json.character(0x2c);
    const entry = keys + i * (wide + 2);
    const key = start + readOffset(row, entry, wide);
    json.utf8String(row, key, checkedEnd(key, row.readUInt16LE(entry + wide)));
    json.character(0x3a);
    writeEntry(row, start, values + i * (1 + wide), wide, json);
  }
  json.character(0x7d);
}

/** Layout: the number of elements, the size, and for each element the value's entry. */
function writeArray(row: Buffer, start: number, wide: 2 | 4, json: JsonWriter): void {
  const count = readOffset(row, start, wide);
  const values = start + 2 * wide;
  checkedEnd(values, count * (1 + wide));
  json.character(0x5b);
  for (let i = 0; i < count; i++) {
    if (i > 0) json.character(0x2c);
    writeEntry(row, start, values + i * (1 + wide), wide, json);
  }
  json.character(0x5d);
}

/**
 * Writes the value of an entry, which has the value's type, then the value itself if it fits into
 * the width of an offset, else its offset.
 */
function writeEntry(
  row: Buffer,
  container: number,
  entry: number,
  wide: 2 | 4,
  json: JsonWriter,
): void {
  const type = row.readUInt8(entry);
  const at = isInlined(type, wide) ? entry + 1 : container + readOffset(row, entry + 1, wide);
  writeValue(row, type, at, json);
}

function isInlined(type: number, wide: 2 | 4): boolean {
  return (
    type === Type.LITERAL ||
    type === Type.INT16 ||
    type === Type.UINT16 ||
    (wide === 4 && (type === Type.INT32 || type === Type.UINT32))
  );
}

function readOffset(row: Buffer, at: number, wide: 2 | 4): number {
  return wide === 2 ? row.readUInt16LE(at) : row.readUInt32LE(at);
}

/** Writes a value without a JSON type. Layout: the column type, the length, the bytes. */
function writeOpaque(row: Buffer, at: number, json: JsonWriter): void {
  const type = row.readUInt8(at);
  const { start, length } = readVariableLength(row, at + 1);
  const end = checkedEnd(start, length);
  switch (type) {
    case ColumnType.NEWDECIMAL: {
      const precision = row.readUInt8(start);
      const decimals = row.readUInt8(start + 1);
      if (decimals > precision) corrupt("precision");
      checkedEnd(start + 2, decimalBytes(precision, decimals));
      writeDecimalNumber(row, start + 2, precision, decimals, json);
      break;
    }
    case ColumnType.DATE:
      checkedEnd(start, PACKED_BYTES);
      writePackedDate(row.readBigInt64LE(start), json);
      break;
    case ColumnType.TIME:
      checkedEnd(start, PACKED_BYTES);
      writePackedTime(row.readBigInt64LE(start), json);
      break;
    case ColumnType.DATETIME:
    case ColumnType.TIMESTAMP:
      checkedEnd(start, PACKED_BYTES);
      writePackedDatetime(row.readBigInt64LE(start), json);
      break;
    default:
      json.string(`base64:type${type}:${brokenBase64(row.subarray(start, end))}`);
  }
}

/** Base64 in lines of 76 characters, as MySQL prints it in JSON. */
function brokenBase64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/.{76}(?=.)/g, "$&\n");
}

/**
 * Reads a length of seven bits per byte, lowest first; the highest bit means that another byte
 * follows.
 */
function readVariableLength(row: Buffer, at: number): { start: number; length: number } {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = row.readUInt8(at + i);
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { start: at + i + 1, length };
  }
  return corrupt("length");
}

/** The end of `length` bytes that must be in the present value. */
function checkedEnd(start: number, length: number): number {
  return start + length <= valueEnd ? start + length : corrupt("length");
}

function corrupt(part: string): never {
  throw new CorruptEventError(`a JSON value has an invalid ${part}`);
}
