import { CorruptEventError } from "../errors.ts";
import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "./value-writer.ts";

const DIGITS_PER_GROUP = 9;
/** The number of bytes for 0 to 9 digits. */
const BYTES_OF_DIGITS = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;

/** Up to nine digits, stored as one integer. */
interface Group {
  readonly digits: number;
  readonly bytes: number;
}

/**
 * The layout of a DECIMAL(precision, decimals): a short group, full groups, the point, full groups,
 * a short group.
 */
interface Layout {
  readonly bytes: number;
  readonly before: readonly Group[];
  readonly after: readonly Group[];
  /** The length of the longest text: the digits, a sign, a leading zero and the point. */
  readonly longest: number;
}

/**
 * DECIMAL, as a JSON string with all digits. Format (`decimal2bin` in MySQL's strings/decimal.cc):
 * groups of up to nine digits, highest byte first. A positive number has its first bit inverted, a
 * negative number all other bits.
 */
export function decimalWriter(precision: number, decimals: number): ValueWriter {
  const layout = decimalLayout(precision, decimals);
  return (row, offset, json) => {
    json.reserve(layout.longest + 2);
    json.put(0x22);
    putDecimal(row, offset, layout, json);
    json.put(0x22);
    return offset + layout.bytes;
  };
}

/** The stored length of a DECIMAL(precision, decimals), bytes. */
export function decimalBytes(precision: number, decimals: number): number {
  return decimalLayout(precision, decimals).bytes;
}

/** Writes a DECIMAL as a JSON number, as MySQL prints it inside a JSON document. */
export function writeDecimalNumber(
  row: Buffer,
  offset: number,
  precision: number,
  decimals: number,
  json: JsonWriter,
): void {
  const layout = decimalLayout(precision, decimals);
  json.reserve(layout.longest);
  putDecimal(row, offset, layout, json);
}

const layouts = new Map<number, Layout>();

function decimalLayout(precision: number, decimals: number): Layout {
  const id = precision * 256 + decimals;
  let layout = layouts.get(id);
  if (layout === undefined) {
    layout = makeLayout(precision, decimals);
    layouts.set(id, layout);
  }
  return layout;
}

function makeLayout(precision: number, decimals: number): Layout {
  const before = groupsOf(precision - decimals).reverse();
  const after = groupsOf(decimals);
  const bytes = [...before, ...after].reduce((sum, group) => sum + group.bytes, 0);
  return { bytes, before, after, longest: precision + 3 };
}

/** Full groups, then a short one for the remaining digits. */
function groupsOf(digits: number): Group[] {
  const groups: Group[] = [];
  for (let left = digits; left > 0; left -= DIGITS_PER_GROUP) {
    const size = Math.min(left, DIGITS_PER_GROUP);
    groups.push({ digits: size, bytes: BYTES_OF_DIGITS[size] ?? 0 });
  }
  return groups;
}

function putDecimal(row: Buffer, offset: number, layout: Layout, json: JsonWriter): void {
  const { before, after } = layout;
  if (offset + layout.bytes > row.length)
    throw new CorruptEventError("a value is longer than its event");
  // Without digits there is no byte: what is there belongs to another value.
  const isNegative = layout.bytes > 0 && (row[offset] as number) < 0x80;
  const inverted = isNegative ? 0xff : 0;
  if (isNegative) json.put(0x2d);
  let from = offset;
  let significant = false;
  for (let i = 0; i < before.length; i++) {
    const { digits, bytes } = before[i] as Group;
    const group = readGroup(row, from, bytes, inverted, from === offset);
    from += bytes;
    if (significant) json.putPadded(group, digits);
    else if (group > 0) {
      json.putUint32(group);
      significant = true;
    }
  }
  if (!significant) json.put(0x30);
  if (after.length === 0) return;
  json.put(0x2e);
  for (let i = 0; i < after.length; i++) {
    const { digits, bytes } = after[i] as Group;
    json.putPadded(readGroup(row, from, bytes, inverted, from === offset), digits);
    from += bytes;
  }
}

/** `inverted`: 0xff when the bits of each byte are inverted, else 0. */
function readGroup(
  row: Buffer,
  offset: number,
  bytes: number,
  inverted: number,
  isFirst: boolean,
): number {
  let group = (row[offset] as number) ^ inverted ^ (isFirst ? 0x80 : 0);
  for (let i = 1; i < bytes; i++) group = (group << 8) | ((row[offset + i] as number) ^ inverted);
  return group >>> 0;
}
