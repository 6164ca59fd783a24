import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "./value-writer.ts";

const DIGITS_PER_GROUP = 9;
/** How many bytes hold 0 to 9 digits. */
const BYTES_OF_DIGITS = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;

/** How a DECIMAL(precision, decimals) is stored: a short group, full groups, the point, full groups, a short group. */
interface Layout {
  readonly bytes: number;
  /** Digits of every group before, and after the point. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * DECIMAL, as a JSON string with all its digits. Format: `decimal2bin` in MySQL's strings/decimal.cc: groups of up to nine
 * digits, highest byte first; the first bit is inverted, and for a negative number all others too.
 */
export function decimalWriter(precision: number, decimals: number): ValueWriter {
  const layout = decimalLayout(precision, decimals);
  const longest = precision + 5; // quotes, sign, a leading zero, the point
  return (row, offset, json) => {
    json.reserve(longest);
    json.put(0x22);
    putDecimal(row, offset, layout, json);
    json.put(0x22);
    return offset + layout.bytes;
  };
}

/** Writes a DECIMAL as a bare JSON number (that is how MySQL prints one inside a JSON document). */
export function writeDecimalNumber(
  row: Buffer,
  offset: number,
  precision: number,
  decimals: number,
  json: JsonWriter,
): void {
  json.reserve(precision + 5);
  putDecimal(row, offset, decimalLayout(precision, decimals), json);
}

function decimalLayout(precision: number, decimals: number): Layout {
  const integral = precision - decimals;
  const before = Array.from({ length: Math.floor(integral / DIGITS_PER_GROUP) }, () => 9);
  if (integral % DIGITS_PER_GROUP > 0) before.unshift(integral % DIGITS_PER_GROUP);
  const after = Array.from({ length: Math.floor(decimals / DIGITS_PER_GROUP) }, () => 9);
  if (decimals % DIGITS_PER_GROUP > 0) after.push(decimals % DIGITS_PER_GROUP);
  const bytes = [...before, ...after].reduce((sum, digits) => sum + bytesOfDigits(digits), 0);
  return { bytes, before, after };
}

function bytesOfDigits(digits: number): number {
  return BYTES_OF_DIGITS[digits] ?? 0;
}

function putDecimal(row: Buffer, offset: number, layout: Layout, json: JsonWriter): void {
  const negative = row.readUInt8(offset) < 0x80;
  if (negative) json.put(0x2d);
  let from = offset;
  let significant = false;
  for (const digits of layout.before) {
    const group = readGroup(row, from, bytesOfDigits(digits), negative, from === offset);
    from += bytesOfDigits(digits);
    if (significant) json.putPadded(group, digits);
    else if (group > 0) {
      json.putUint32(group);
      significant = true;
    }
  }
  if (!significant) json.put(0x30);
  if (layout.after.length === 0) return;
  json.put(0x2e);
  for (const digits of layout.after) {
    const group = readGroup(row, from, bytesOfDigits(digits), negative, from === offset);
    from += bytesOfDigits(digits);
    json.putPadded(group, digits);
  }
}

function readGroup(
  row: Buffer,
  offset: number,
  bytes: number,
  negative: boolean,
  first: boolean,
): number {
  const highest = 2 ** (8 * bytes - 1);
  let group = row.readUIntBE(offset, bytes);
  if (first) group += group >= highest ? -highest : highest;
  return negative ? 2 * highest - 1 - group : group;
}
