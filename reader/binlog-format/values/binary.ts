import { readLength, type ValueWriter } from "./value-writer.ts";

/** VARBINARY and BLOB, as base64; `width` bytes hold the value's length. */
export function binaryWriter(width: number): ValueWriter {
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    json.base64String(row, start, end);
    return end;
  };
}

/**
 * BINARY(n), as base64 of all n bytes. The binlog omits zero bytes at the end, which are added here
 * as `SELECT` does.
 */
export function fixedBinaryWriter(length: number): ValueWriter {
  const width = length > 255 ? 2 : 1;
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    const padded = Buffer.alloc(length);
    row.copy(padded, 0, start, end);
    json.base64String(padded, 0, length);
    return end;
  };
}

const SRID_LENGTH = 4;

/**
 * Geometry, as base64 of its well-known binary. MySQL stores four bytes with the spatial reference
 * system's id before it, which are omitted here: `ST_AsWKB(column, 'axis-order=long-lat')` returns
 * the same bytes.
 */
export function geometryWriter(width: number): ValueWriter {
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    json.base64String(row, Math.min(start + SRID_LENGTH, end), end);
    return end;
  };
}
