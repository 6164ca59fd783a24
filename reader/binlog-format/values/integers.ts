import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "./value-writer.ts";

const MAX_INT64_DIGITS = 20;

/**
 * TINYINT, SMALLINT, MEDIUMINT, INT or BIGINT, of `bytes` bytes, as a JSON number with all digits.
 */
export function integerWriter(bytes: 1 | 2 | 3 | 4 | 8, unsigned: boolean): ValueWriter {
  switch (bytes) {
    case 1:
      return unsigned
        ? (row, offset, json) => put(json, row.readUInt8(offset), offset + 1)
        : (row, offset, json) => put(json, row.readInt8(offset), offset + 1);
    case 2:
      return unsigned
        ? (row, offset, json) => put(json, row.readUInt16LE(offset), offset + 2)
        : (row, offset, json) => put(json, row.readInt16LE(offset), offset + 2);
    case 3:
      return unsigned
        ? (row, offset, json) => put(json, row.readUIntLE(offset, 3), offset + 3)
        : (row, offset, json) => put(json, row.readIntLE(offset, 3), offset + 3);
    case 4:
      return unsigned
        ? (row, offset, json) => put(json, row.readUInt32LE(offset), offset + 4)
        : (row, offset, json) => put(json, row.readInt32LE(offset), offset + 4);
    case 8:
    default:
      return unsigned ? writeUint64 : writeInt64;
  }
}

/** YEAR, as a number; the year 0000 is 0. */
export const writeYear: ValueWriter = (row, offset, json) => {
  const stored = row.readUInt8(offset);
  return put(json, stored === 0 ? 0 : 1900 + stored, offset + 1);
};

/** BIT(n), as an unsigned integer; stored highest byte first. */
export function bitWriter(bits: number): ValueWriter {
  const bytes = (bits + 7) >> 3;
  if (bytes <= 6) {
    return (row, offset, json) => put(json, row.readUIntBE(offset, bytes), offset + bytes);
  }
  return (row, offset, json) => {
    let value = 0n;
    for (let i = 0; i < bytes; i++) value = (value << 8n) | BigInt(row.readUInt8(offset + i));
    json.ascii(value.toString());
    return offset + bytes;
  };
}

/** An unsigned integer of 8 bytes, lowest byte first. */
export const writeUint64: ValueWriter = (row, offset, json) => {
  const high = row.readUInt32LE(offset + 4);
  if (high < 0x200000) return put(json, high * 2 ** 32 + row.readUInt32LE(offset), offset + 8);
  json.ascii(row.readBigUInt64LE(offset).toString());
  return offset + 8;
};

/** An integer of 8 bytes in two's complement, lowest byte first. */
export const writeInt64: ValueWriter = (row, offset, json) => {
  const high = row.readInt32LE(offset + 4);
  if (high >= -0x200000 && high < 0x200000) {
    return put(json, high * 2 ** 32 + row.readUInt32LE(offset), offset + 8);
  }
  json.ascii(row.readBigInt64LE(offset).toString());
  return offset + 8;
};

function put(json: JsonWriter, value: number, next: number): number {
  json.reserve(MAX_INT64_DIGITS);
  json.putInteger(value);
  return next;
}
