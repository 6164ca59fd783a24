import { CorruptEventError } from "../errors.ts";

/** Reads the length of a value, 1 to 4 bytes, lowest first. Throws CorruptEventError when the value would end outside. */
export function readLength(row: Buffer, offset: number, width: number): number {
  const length =
    width === 1
      ? row.readUInt8(offset)
      : width === 2
        ? row.readUInt16LE(offset)
        : row.readUIntLE(offset, width);
  if (length > row.length - offset - width) {
    throw new CorruptEventError("a value is longer than its event");
  }
  return length;
}
