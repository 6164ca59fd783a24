import type { ByteReader } from "../byte-reader.ts";
import { ColumnType } from "../column.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";

/** The metadata of a column that every table map contains, for any `binlog_row_metadata`. */
export interface ColumnMetadata {
  readonly type: number;
  readonly maxLength: number;
  readonly width: number;
  readonly precision: number;
  readonly decimals: number;
}

const NOTHING = { maxLength: 0, width: 0, precision: 0, decimals: 0 };

/**
 * Reads the metadata of one column of `type`, on which its length depends. Source of the layouts:
 * "Table_map_event column types" in MySQL's libs/mysql/binlog/event/rows_event.h. Throws
 * UnsupportedEventError for an unknown type, CorruptEventError for numbers that MySQL does not
 * allow.
 */
export function readColumnMetadata(reader: ByteReader, type: number): ColumnMetadata {
  switch (type) {
    case ColumnType.TINY:
    case ColumnType.SHORT:
    case ColumnType.INT24:
    case ColumnType.LONG:
    case ColumnType.LONGLONG:
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
    case ColumnType.YEAR:
      return { ...NOTHING, type };
    case ColumnType.FLOAT:
    case ColumnType.DOUBLE:
      return { ...NOTHING, type, width: upTo(8, reader.uint8()) };
    case ColumnType.BLOB:
    case ColumnType.JSON:
    case ColumnType.GEOMETRY:
    case ColumnType.VECTOR:
      return { ...NOTHING, type, width: upTo(MOST_WIDTH, reader.uint8()) };
    case ColumnType.TIMESTAMP2:
    case ColumnType.DATETIME2:
    case ColumnType.TIME2:
      return { ...NOTHING, type, decimals: upTo(6, reader.uint8(), 0) };
    case ColumnType.VARCHAR:
      return { ...NOTHING, type, maxLength: reader.uint16() };
    case ColumnType.NEWDECIMAL: {
      const precision = upTo(65, reader.uint8());
      return { ...NOTHING, type, precision, decimals: upTo(precision, reader.uint8(), 0) };
    }
    case ColumnType.BIT: {
      const bits = reader.uint8();
      const bytes = reader.uint8();
      return { ...NOTHING, type, precision: upTo(64, bytes * 8 + bits) };
    }
    case ColumnType.STRING:
    case ColumnType.VAR_STRING:
      return readStringMetadata(reader, type);
    default:
      throw new UnsupportedEventError(`a column has the unknown type ${type}`);
  }
}

/** The most bytes that hold a value's length. */
const MOST_WIDTH = 4;

/** A number from a table map. Throws CorruptEventError outside the range. */
function upTo(most: number, value: number, least = 1): number {
  if (value >= least && value <= most) return value;
  throw new CorruptEventError("a table map has an invalid length or precision");
}

/**
 * STRING stands for CHAR, BINARY, ENUM and SET: the first byte is the real type, the second the
 * length. The two highest bits of a length over 255 are inverted in bits 4 and 5 of the first byte.
 */
function readStringMetadata(reader: ByteReader, type: number): ColumnMetadata {
  const first = reader.uint8();
  const second = reader.uint8();
  if (first === ColumnType.ENUM || first === ColumnType.SET) {
    return { ...NOTHING, type: first, width: upTo(first === ColumnType.ENUM ? 2 : 8, second) };
  }
  return { ...NOTHING, type, maxLength: (((first & 0x30) ^ 0x30) << 4) | second };
}
