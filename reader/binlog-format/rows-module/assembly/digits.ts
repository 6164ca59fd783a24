// Numbers as decimal digits. Each function writes at `out` and returns where it stopped.

/** Two digits of a number from 0 to 99. */
export function putPair(value: u32, out: usize): usize {
  const tens = (value * 205) >> 11;
  store<u16>(out, <u16>(0x3030 | tens | ((value - tens * 10) << 8)));
  return out + 2;
}

/** The lowest `digits` digits. */
export function putPadded(value: u32, digits: i32, out: usize): usize {
  const end = out + digits;
  let rest = value;
  let to = end;
  for (; to > out + 1; to -= 2) {
    const hundredth = rest / 100;
    putPair(rest - hundredth * 100, to - 2);
    rest = hundredth;
  }
  if (to > out) store<u8>(out, 0x30 + (rest % 10));
  return end;
}

export function putUint32(value: u32, out: usize): usize {
  return putPadded(value, digitsOf(value), out);
}

/** An integer of 64 bits without a sign. */
export function putUint64(value: u64, out: usize): usize {
  if (value <= <u64>u32.MAX_VALUE) return putUint32(<u32>value, out);
  const millions = value / 100_000_000;
  return putPadded(<u32>(value - millions * 100_000_000), 8, putUint64(millions, out));
}

/** An integer of 64 bits in two's complement. */
export function putInt64(value: i64, out: usize): usize {
  if (value >= 0) return putUint64(<u64>value, out);
  store<u8>(out, 0x2d);
  return putUint64(0 - <u64>value, out + 1);
}

function digitsOf(value: u32): i32 {
  if (value < 100) return value < 10 ? 1 : 2;
  if (value < 10_000) return value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}
