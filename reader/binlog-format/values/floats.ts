import type { JsonWriter } from "../json-writer.ts";
import type { ValueWriter } from "./value-writer.ts";

/** DOUBLE: the shortest digits that give the same double again. */
export const writeDouble: ValueWriter = (row, offset, json) => {
  writeNumber(json, row.readDoubleLE(offset));
  return offset + 8;
};

/**
 * FLOAT: the shortest digits that give the same single-precision number again, so that 0.1 is 0.1.
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
 * Writes a double. NaN and the infinities, which JSON has no number for and MySQL no literal,
 * become their names.
 */
export function writeNumber(json: JsonWriter, value: number): void {
  if (Number.isFinite(value)) json.ascii(Object.is(value, -0) ? "-0" : String(value));
  else json.string(String(value));
}

const SMALLEST_NORMAL_FLOAT32 = 2 ** -126;

/** The double with the fewest decimal digits that rounds to the same single-precision number. */
function shortestOfFloat32(value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return value;
  // Up to six digits always survive single precision, nine always tell two numbers apart;
  // subnormals have fewer.
  const fewest = Math.abs(value) < SMALLEST_NORMAL_FLOAT32 ? 1 : 6;
  for (let digits = fewest; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
