import type { ByteReader } from "../byte-reader.ts";
import { ColumnType } from "../column.ts";
import { UnsupportedEventError } from "../errors.ts";

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
 * UnsupportedEventError for an unknown type.
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
    case ColumnType.BLOB:
    case ColumnType.JSON:
    case ColumnType.GEOMETRY:
    case ColumnType.VECTOR:
      return { ...NOTHING, type, width: reader.uint8() };
    case ColumnType.TIMESTAMP2:
    case ColumnType.DATETIME2:
    case ColumnType.TIME2:
      return { ...NOTHING, type, decimals: reader.uint8() };
    case ColumnType.VARCHAR:
      return { ...NOTHING, type, maxLength: reader.uint16() };
    case ColumnType.NEWDECIMAL:
      return { ...NOTHING, type, precision: reader.uint8(), decimals: reader.uint8() };
    case ColumnType.BIT: {
      const bits = reader.uint8();
      const bytes = reader.uint8();
      return { ...NOTHING, type, precision: bytes * 8 + bits };
    }
    case ColumnType.STRING:
    case ColumnType.VAR_STRING:
      return readStringMetadata(reader, type);
    default:
      throw new UnsupportedEventError(`a column has the unknown type ${type}`);
  }
}

/**
 * STRING stands for CHAR, BINARY, ENUM and SET: the first byte is the real type, the second the
 * length. The two highest bits of a length over 255 are inverted in bits 4 and 5 of the first byte.
 */
function readStringMetadata(reader: ByteReader, type: number): ColumnMetadata {
  const first = reader.uint8();
  const second = reader.uint8();
  if (first === ColumnType.ENUM || first === ColumnType.SET) {
    return { ...NOTHING, type: first, width: second };
  }
  return { ...NOTHING, type, maxLength: (((first & 0x30) ^ 0x30) << 4) | second };
}
