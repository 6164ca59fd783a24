import { charsetOfCollation } from "../charsets/collations.ts";
import { isUtf8 } from "../charsets/decode-text.ts";
import { BINARY_COLLATION, type Column, ColumnType } from "../column.ts";
import * as Layout from "../rows-module/assembly/layout.ts";
import { characterTable } from "./character-table.ts";
import type { ProgramTexts } from "./program-texts.ts";

/** How the module of rows writes the values of a column. */
export interface ColumnOperation {
  /** One of the operations of `rows-module/assembly/layout.ts`, and its argument. */
  readonly code: number;
  readonly argument?: number;
  /** The longest JSON of a value, bytes, and for each of its stored bytes so many more. */
  readonly longest: number;
  readonly longestPerByte?: number;
}

const LONGEST_INTEGER = 20;
const LONGEST_NUMBER = 32;
const LONGEST_TIME = 40;
const QUOTES = 2;
/** A number of single precision has up to 22 characters, and a comma, for its four bytes. */
const LONGEST_OF_VECTOR_BYTE = 6;

/** For text with several bytes per character other than UTF-8. */
const OTHER: ColumnOperation = { code: Layout.OTHER, longest: 0 };

/** The operation for a column, with its texts in `texts`. */
export function columnOperation(column: Column, texts: ProgramTexts): ColumnOperation {
  const { precision, decimals, members, unsigned, maxLength } = column;
  switch (column.type) {
    case ColumnType.TINY:
    case ColumnType.SHORT:
    case ColumnType.INT24:
    case ColumnType.LONG:
    case ColumnType.LONGLONG:
      return { code: unsigned ? Layout.UNSIGNED : Layout.SIGNED, longest: LONGEST_INTEGER };
    case ColumnType.FLOAT:
      return { code: Layout.FLOAT, longest: LONGEST_NUMBER };
    case ColumnType.DOUBLE:
      return { code: Layout.DOUBLE, longest: LONGEST_NUMBER };
    case ColumnType.NEWDECIMAL: {
      const argument = precision * 256 + decimals;
      return { code: Layout.DECIMAL, argument, longest: precision + LONGEST_INTEGER };
    }
    case ColumnType.YEAR:
      return { code: Layout.YEAR, longest: LONGEST_INTEGER };
    case ColumnType.BIT:
      return { code: Layout.BIT, longest: LONGEST_INTEGER };
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
      return { code: Layout.DATE, longest: LONGEST_TIME };
    case ColumnType.DATETIME2:
      return { code: Layout.DATETIME, argument: decimals, longest: LONGEST_TIME };
    case ColumnType.TIMESTAMP2:
      return { code: Layout.TIMESTAMP, argument: decimals, longest: LONGEST_TIME };
    case ColumnType.TIME2:
      return { code: Layout.TIME, argument: decimals, longest: LONGEST_TIME };
    case ColumnType.STRING:
      if (column.collation !== BINARY_COLLATION) return characterOperation(column, texts);
      return {
        code: Layout.FIXED_BINARY,
        argument: maxLength,
        longest: QUOTES + 4 * Math.ceil(maxLength / 3),
      };
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
    case ColumnType.BLOB:
      return column.collation === BINARY_COLLATION
        ? binaryOperation(0)
        : characterOperation(column, texts);
    case ColumnType.GEOMETRY:
      return binaryOperation(SRID_LENGTH);
    case ColumnType.ENUM: {
      const json = jsonOf(members);
      const longest = Math.max(QUOTES, ...json.map(({ length }) => length));
      return { code: Layout.ENUM, argument: texts.addList(json), longest };
    }
    case ColumnType.SET: {
      const json = jsonOf(members);
      const longest = json.reduce((sum, { length }) => sum + length + 1, 2);
      return { code: Layout.SET, argument: texts.addList(json), longest };
    }
    case ColumnType.JSON:
      return {
        code: Layout.JSON_DOCUMENT,
        longest: Layout.LONGEST_REST,
        longestPerByte: Layout.LONGEST_OF_BYTE,
      };
    case ColumnType.VECTOR:
      return { code: Layout.VECTOR, longest: QUOTES, longestPerByte: LONGEST_OF_VECTOR_BYTE };
    default:
      return OTHER;
  }
}

/** The bytes of a geometry before its well-known binary. */
const SRID_LENGTH = 4;

/** `skipped`: how many bytes at the value's beginning are left out. */
function binaryOperation(skipped: number): ColumnOperation {
  return {
    code: Layout.BINARY,
    argument: skipped,
    longest: QUOTES + 4,
    longestPerByte: 2,
  };
}

function characterOperation({ collation }: Column, texts: ProgramTexts): ColumnOperation {
  const charset = charsetOfCollation(collation);
  const longest = { longest: QUOTES, longestPerByte: Layout.LONGEST_OF_BYTE };
  if (isUtf8(charset)) return { code: Layout.UTF8, ...longest };
  const table = characterTable(charset);
  if (table === null) return OTHER;
  return { code: Layout.SINGLE_BYTE, argument: texts.add(table), ...longest };
}

function jsonOf(members: readonly string[]): Buffer[] {
  return members.map((member) => Buffer.from(JSON.stringify(member)));
}
