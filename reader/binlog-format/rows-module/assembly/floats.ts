import { putInt64, putPadded, putUint64 } from "./digits";

/**
 * Writes a number as `writeNumber` and `writeFloat32` in reader/binlog-format/values/floats.ts do,
 * at `out`; returns where it stopped. It is called for the numbers that are not written here.
 */
declare function otherDouble(value: f64, out: usize): usize;
declare function otherFloat(value: f64, out: usize): usize;

/** Up to this many digits, the digits of a decimal number come back from the nearest double. */
const MOST_OF_DOUBLE: f64 = 1e15;
/** Up to this many digits, the digits of a decimal number come back from single precision. */
const MOST_OF_FLOAT: f64 = 1e6;
/** Up to here, each whole number has single precision. */
const MOST_WHOLE_OF_FLOAT: f64 = 0x1000000;
/** The least number of six digits. */
const SIX_DIGITS: f64 = 1e5;
/** JavaScript writes smaller numbers with an exponent. */
const SMALLEST: f64 = 1e-6;
const MOST_DECIMALS = 8;

/** The shortest decimal number that is nearest to this double. */
export function putDouble(value: f64, out: usize): usize {
  if (value === nearest(value))
    return abs(value) < MOST_OF_DOUBLE && !isMinusZero(value)
      ? putInt64(<i64>value, out)
      : otherDouble(value, out);
  if (abs(value) >= SMALLEST) {
    let power: f64 = 1;
    for (let decimals = 1; decimals <= MOST_DECIMALS; decimals++) {
      power *= 10;
      const digits = nearest(value * power);
      if (abs(digits) >= MOST_OF_DOUBLE) break;
      if (digits / power === value) return putFixed(<i64>digits, decimals, <u64>power, out);
    }
  }
  return otherDouble(value, out);
}

/**
 * The decimal number with the fewest digits, from six on, that is nearest to this number of single
 * precision; nine are always enough.
 */
export function putFloat(value: f32, out: usize): usize {
  const size = abs(<f64>value);
  if (value === nearest(value))
    return size < MOST_WHOLE_OF_FLOAT && !isMinusZero(value)
      ? putInt64(<i64>value, out)
      : otherFloat(value, out);
  if (!(size >= SMALLEST)) return otherFloat(value, out);
  // Most numbers that people choose have few decimals.
  const thousandths = nearest(size * 1000);
  if (thousandths < MOST_OF_FLOAT && <f32>(thousandths / 1000) === <f32>size)
    return putShortest(<u64>thousandths, 3, value < 0, out);
  const bits = reinterpret<u32>(value);
  const mantissa: u64 = (bits & 0x7fffff) | 0x800000;
  let shift = 150 - <i32>((bits >> 23) & 0xff);
  let decimals = 0;
  let power: f64 = 1;
  let powerOfFive: u64 = 1;
  for (; size * power < SIX_DIGITS; decimals++, shift--) {
    power *= 10;
    powerOfFive *= 5;
  }
  for (; shift >= 0; decimals++, shift--) {
    // Exact: a half is rounded up, as by `toPrecision`.
    const half: u64 = shift > 0 ? (<u64>1) << (shift - 1) : 0;
    const digits = (mantissa * powerOfFive + half) >> shift;
    if (<f32>(<f64>digits / power) === <f32>size)
      return putShortest(digits, decimals, value < 0, out);
    power *= 10;
    powerOfFive *= 5;
  }
  return otherFloat(value, out);
}

/** `digits` with a point before the last `decimals` of them, without the zeros at the end. */
function putShortest(digits: u64, decimals: i32, isNegative: bool, out: usize): usize {
  let rest = <u32>digits;
  let left = decimals;
  for (; rest % 10 === 0 && left > 1; left--) rest /= 10;
  let power: u64 = 1;
  for (let i = 0; i < left; i++) power *= 10;
  return putFixed(isNegative ? -(<i64>rest) : rest, left, power, out);
}

export function isWhole(value: f64): bool {
  return value === nearest(value);
}

function isMinusZero(value: f64): bool {
  return reinterpret<u64>(value) === 0x8000000000000000;
}

/** `digits` with a point before the last `decimals` of them. */
function putFixed(digits: i64, decimals: i32, power: u64, out: usize): usize {
  let to = out;
  if (digits < 0) store<u8>(to++, 0x2d);
  const size = <u64>(digits < 0 ? 0 - digits : digits);
  const whole = size / power;
  to = putUint64(whole, to);
  store<u8>(to, 0x2e);
  return putPadded(<u32>(size - whole * power), decimals, to + 1);
}
