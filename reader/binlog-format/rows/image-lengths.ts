import type { ColumnMetadata } from "./column-metadata.ts";
import { ColumnType } from "../column.ts";
import { UnsupportedEventError } from "../errors.ts";
import { decimalBytes } from "../values/decimal.ts";

/**
 * The stored length of a column's values. Positive: the bytes of each value. Negative: the number
 * of bytes before each value that hold its length. Throws UnsupportedEventError for an unknown
 * type.
 */
export function storedLength(column: ColumnMetadata): number {
  switch (column.type) {
    case ColumnType.TINY:
    case ColumnType.YEAR:
      return 1;
    case ColumnType.SHORT:
      return 2;
    case ColumnType.INT24:
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
      return 3;
    case ColumnType.LONG:
    case ColumnType.FLOAT:
      return 4;
    case ColumnType.LONGLONG:
    case ColumnType.DOUBLE:
      return 8;
    case ColumnType.NEWDECIMAL:
      return decimalBytes(column.precision, column.decimals);
    case ColumnType.BIT:
      return (column.precision + 7) >> 3;
    case ColumnType.DATETIME2:
      return 5 + fractionBytes(column.decimals);
    case ColumnType.TIMESTAMP2:
      return 4 + fractionBytes(column.decimals);
    case ColumnType.TIME2:
      return 3 + fractionBytes(column.decimals);
    case ColumnType.ENUM:
    case ColumnType.SET:
      return column.width;
    case ColumnType.STRING:
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
      return column.maxLength > 255 ? -2 : -1;
    case ColumnType.BLOB:
    case ColumnType.JSON:
    case ColumnType.GEOMETRY:
    case ColumnType.VECTOR:
      return -column.width;
    default:
      throw new UnsupportedEventError(`a column has the unknown type ${column.type}`);
  }
}

function fractionBytes(decimals: number): number {
  return (decimals + 1) >> 1;
}

/** Finds the ends of a table's row images that have the same columns. It reads only the lengths. */
export class ImageLengths {
  /** The `storedLength` of each column of the image, in order. */
  readonly #lengths: Int32Array;
  readonly #nullBytes: number;
  /**
   * For an image without NULL: for each value of variable length, the fixed bytes before its length
   * (`#gaps`) and the bytes that hold the length (`#widths`).
   */
  readonly #gaps: Int32Array;
  readonly #widths: Int32Array;
  /** The fixed bytes behind the last value of variable length. */
  readonly #tail: number;

  /** Whether the image has no columns, so a row takes no bytes. */
  get isEmpty(): boolean {
    return this.#lengths.length === 0;
  }

  /** `lengths`: the `storedLength` of each column of the image. */
  constructor(lengths: readonly number[]) {
    this.#lengths = Int32Array.from(lengths);
    this.#nullBytes = (lengths.length + 7) >> 3;
    const gaps: number[] = [];
    const widths: number[] = [];
    let gap = 0;
    for (const length of lengths) {
      if (length >= 0) {
        gap += length;
      } else {
        gaps.push(gap);
        widths.push(-length);
        gap = 0;
      }
    }
    this.#gaps = Int32Array.from(gaps);
    this.#widths = Int32Array.from(widths);
    this.#tail = gap;
  }

  /**
   * The end of the image that begins at `start`; NaN or beyond the event if the image exceeds the
   * event.
   */
  endOf(event: Buffer, start: number): number {
    let at = start + this.#nullBytes;
    for (let i = start; i < at; i++) if (event[i] !== 0) return this.#endWithNulls(event, start);
    const gaps = this.#gaps;
    const widths = this.#widths;
    for (let i = 0; i < gaps.length; i++) {
      at += gaps[i] as number;
      const width = widths[i] as number;
      at += width + lengthAt(event, at, width);
    }
    return at + this.#tail;
  }

  #endWithNulls(event: Buffer, start: number): number {
    const lengths = this.#lengths;
    let at = start + this.#nullBytes;
    for (let i = 0; i < lengths.length; i++) {
      if (((event[start + (i >> 3)] as number) & (1 << (i & 7))) !== 0) continue;
      const length = lengths[i] as number;
      at += length >= 0 ? length : lengthAt(event, at, -length) - length;
    }
    return at;
  }
}

/** Reads an integer of 1 to 4 bytes, lowest first; NaN outside the event. */
function lengthAt(event: Buffer, at: number, width: number): number {
  let length = event[at] as number;
  if (width > 1) length += (event[at + 1] as number) * 0x100;
  if (width > 2) length += (event[at + 2] as number) * 0x10000;
  if (width > 3) length += (event[at + 3] as number) * 0x1000000;
  return length;
}
