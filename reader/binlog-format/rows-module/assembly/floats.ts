import { putInt64, putPadded, putUint64 } from "./digits";

/**
 * Writes a number as `writeNumber` and `writeFloat32` in reader/binlog-format/values/floats.ts do,
 * at `out`; returns where it stopped. It is called for the numbers that are not written here.
 */
declare function otherDouble(value: f64, out: usize): usize;
declare function otherFloat(value: f64, out: usize): usize;

/** Up to this many digits, the digits of a decimal number come back from the nearest double. */
const MOST_OF_DOUBLE: f64 = 1e15;
/** The same for single precision. */
const MOST_OF_FLOAT: f64 = 1e6;
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

/** The shortest decimal number that is nearest to this number of single precision. */
export function putFloat(value: f32, out: usize): usize {
  const wide = <f64>value;
  if (wide === nearest(wide))
    return abs(wide) < MOST_OF_FLOAT && !isMinusZero(wide)
      ? putInt64(<i64>wide, out)
      : otherFloat(wide, out);
  if (abs(wide) >= SMALLEST) {
    let power: f64 = 1;
    for (let decimals = 1; decimals <= MOST_DECIMALS; decimals++) {
      power *= 10;
      const digits = nearest(wide * power);
      if (abs(digits) >= MOST_OF_FLOAT) break;
      if (<f32>(digits / power) === value) return putFixed(<i64>digits, decimals, <u64>power, out);
    }
  }
  return otherFloat(wide, out);
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
