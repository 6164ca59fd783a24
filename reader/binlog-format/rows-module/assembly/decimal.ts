import { putPadded, putUint32 } from "./digits";

const DIGITS_PER_GROUP = 9;

/**
 * A DECIMAL as a JSON string; the format is described in reader/binlog-format/values/decimal.ts.
 */
export function putDecimal(from: usize, precision: i32, decimals: i32, out: usize): usize {
  let to = out;
  store<u8>(to++, 0x22);
  const isNegative = load<u8>(from) < 0x80;
  const inverted: u32 = isNegative ? u32.MAX_VALUE : 0;
  if (isNegative) store<u8>(to++, 0x2d);
  let at = from;
  const whole = precision - decimals;
  let hasDigits = false;
  for (let left = whole; left > 0;) {
    const digits = left % DIGITS_PER_GROUP > 0 ? left % DIGITS_PER_GROUP : DIGITS_PER_GROUP;
    const bytes = bytesOf(digits);
    const group = groupAt(at, bytes, inverted, at === from);
    if (hasDigits) to = putPadded(group, digits, to);
    else if (group > 0) {
      to = putUint32(group, to);
      hasDigits = true;
    }
    at += bytes;
    left -= digits;
  }
  if (!hasDigits) store<u8>(to++, 0x30);
  if (decimals > 0) store<u8>(to++, 0x2e);
  for (let left = decimals; left > 0;) {
    const digits = min(left, DIGITS_PER_GROUP);
    const bytes = bytesOf(digits);
    to = putPadded(groupAt(at, bytes, inverted, at === from), digits, to);
    at += bytes;
    left -= digits;
  }
  store<u8>(to, 0x22);
  return to + 1;
}

/** The bytes of a group of up to nine digits. */
function bytesOf(digits: i32): i32 {
  return min((digits + 1) >> 1, 4);
}

/** `inverted`: all bits, when the bits of each byte are inverted, else 0. */
function groupAt(at: usize, bytes: i32, inverted: u32, isFirst: bool): u32 {
  const unused: u32 = 32 - 8 * bytes;
  const group = (bswap<u32>(load<u32>(at)) ^ inverted) >> unused;
  return isFirst ? group ^ (<u32>0x80000000 >> unused) : group;
}
