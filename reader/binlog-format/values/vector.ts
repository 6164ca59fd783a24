import { CorruptEventError } from "../errors.ts";
import { writeFloat32 } from "./floats.ts";
import { readLength, type ValueWriter } from "./value-writer.ts";

const FLOAT_LENGTH = 4;

/**
 * VECTOR, as an array of single-precision numbers, each written as by `writeFloat`. Throws
 * CorruptEventError when the value ends inside a number.
 */
export function vectorWriter(width: number): ValueWriter {
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    if ((end - start) % FLOAT_LENGTH !== 0)
      throw new CorruptEventError("a VECTOR ends inside a number");
    json.ascii("[");
    for (let i = start; i < end; i += FLOAT_LENGTH) {
      if (i > start) json.ascii(",");
      writeFloat32(json, row.readFloatLE(i));
    }
    json.ascii("]");
    return end;
  };
}
