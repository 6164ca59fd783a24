import { charsetOfCollation } from "../charsets/collations.ts";
import { BINARY_COLLATION, type Column, ColumnType } from "../column.ts";
import { UnsupportedEventError } from "../errors.ts";
import { binaryWriter, fixedBinaryWriter, geometryWriter } from "./binary.ts";
import { decimalWriter } from "./decimal.ts";
import { enumWriter, setWriter } from "./enum-set.ts";
import { writeDouble, writeFloat } from "./floats.ts";
import { bitWriter, integerWriter, writeYear } from "./integers.ts";
import { jsonWriter } from "./json.ts";
import { datetimeWriter, timestampWriter, timeWriter, writeDate } from "./temporal.ts";
import { textWriter } from "./text.ts";
import type { ValueWriter } from "./value-writer.ts";
import { vectorWriter } from "./vector.ts";

/**
 * The writer of a column's values. Throws UnsupportedEventError for an unknown type or collation.
 */
export function columnWriter(column: Column): ValueWriter {
  switch (column.type) {
    case ColumnType.TINY:
      return integerWriter(1, column.unsigned);
    case ColumnType.SHORT:
      return integerWriter(2, column.unsigned);
    case ColumnType.INT24:
      return integerWriter(3, column.unsigned);
    case ColumnType.LONG:
      return integerWriter(4, column.unsigned);
    case ColumnType.LONGLONG:
      return integerWriter(8, column.unsigned);
    case ColumnType.FLOAT:
      return writeFloat;
    case ColumnType.DOUBLE:
      return writeDouble;
    case ColumnType.NEWDECIMAL:
      return decimalWriter(column.precision, column.decimals);
    case ColumnType.YEAR:
      return writeYear;
    case ColumnType.BIT:
      return bitWriter(column.precision);
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
      return writeDate;
    case ColumnType.DATETIME2:
      return datetimeWriter(column.decimals);
    case ColumnType.TIMESTAMP2:
      return timestampWriter(column.decimals);
    case ColumnType.TIME2:
      return timeWriter(column.decimals);
    case ColumnType.STRING:
      return column.collation === BINARY_COLLATION
        ? fixedBinaryWriter(column.maxLength)
        : characterWriter(column, column.maxLength > 255 ? 2 : 1);
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
      return characterWriter(column, column.maxLength > 255 ? 2 : 1);
    case ColumnType.BLOB:
      return characterWriter(column, column.width);
    case ColumnType.ENUM:
      return enumWriter(column.members, column.width);
    case ColumnType.SET:
      return setWriter(column.members, column.width);
    case ColumnType.JSON:
      return jsonWriter(column.width);
    case ColumnType.GEOMETRY:
      return geometryWriter(column.width);
    case ColumnType.VECTOR:
      return vectorWriter(column.width);
    default:
      throw new UnsupportedEventError(`a column has the unknown type ${column.type}`);
  }
}

function characterWriter(column: Column, width: number): ValueWriter {
  return column.collation === BINARY_COLLATION
    ? binaryWriter(width)
    : textWriter(charsetOfCollation(column.collation), width);
}
