import { CorruptEventError } from "../errors.ts";
import type { JsonWriter } from "../json-writer.ts";

/**
 * Writes one value of a row image as JSON: reads it from `row` at `offset` and returns the offset
 * behind it. Each column has a writer, so its definition is evaluated only once.
 */
export type ValueWriter = (row: Buffer, offset: number, json: JsonWriter) => number;

/**
 * Where a byte of a text can take several bytes of JSON, a long text is written in pieces of so
 * many bytes: only a piece needs room for the longest JSON of its bytes.
 */
export const PIECE_BYTES = 4096;

/**
 * Reads the length of a value: `width` bytes (1 to 4), lowest first. Throws CorruptEventError when
 * the value would exceed the event.
 */
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
