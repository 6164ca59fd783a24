import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "./value-writer.ts";

/** DOUBLE, as the shortest decimal number that parses to the same double. */
export const writeDouble: ValueWriter = (row, offset, json) => {
  writeNumber(json, row.readDoubleLE(offset));
  return offset + 8;
};

/**
 * FLOAT, as the shortest decimal number that rounds to the same single-precision number, so that
 * 0.1 is written as 0.1.
 */
export const writeFloat: ValueWriter = (row, offset, json) => {
  writeFloat32(json, row.readFloatLE(offset));
  return offset + 4;
};

/** Writes a number of single precision, see `writeFloat`. */
export function writeFloat32(json: JsonWriter, value: number): void {
  writeNumber(json, shortestOfFloat32(value));
}

/**
 * Writes a double. NaN and the infinities, which JSON numbers cannot express, are written as
 * strings.
 */
export function writeNumber(json: JsonWriter, value: number): void {
  if (Number.isFinite(value)) json.ascii(Object.is(value, -0) ? "-0" : String(value));
  else json.string(String(value));
}

const SMALLEST_NORMAL_FLOAT32 = 2 ** -126;

/** The double with the fewest decimal digits that rounds to the same single-precision number. */
function shortestOfFloat32(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return value;
  // Single precision preserves any six digits, and nine digits distinguish any two numbers.
  // Subnormal numbers may preserve fewer.
  const fewest = Math.abs(value) < SMALLEST_NORMAL_FLOAT32 ? 1 : 6;
  for (let digits = fewest; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
