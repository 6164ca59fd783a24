import { GEOMETRY_TYPES } from "../../../wire/geometry-types.ts";
import { charsetOfCollation, type Charset } from "../charsets/collations.ts";
import { BINARY_COLLATION, type Column, ColumnType } from "../column.ts";
import { UnsupportedEventError } from "../errors.ts";

/**
 * A column's type like COLUMN_TYPE of INFORMATION_SCHEMA.COLUMNS: `bigint unsigned`,
 * `enum('a','b')`. It lacks what the binlog does not contain: the display width of `tinyint(1)`,
 * and ZEROFILL. In members of ENUM and SET, quotes are doubled and nothing else is escaped. Throws
 * UnsupportedEventError for an unknown type.
 */
export function columnTypeText(column: Column): string {
  const { type, precision, decimals, members, dimensions } = column;
  const integer = INTEGERS[type];
  if (integer !== undefined) return signed(integer, column);
  switch (type) {
    case ColumnType.FLOAT:
      return signed("float", column);
    case ColumnType.DOUBLE:
      return signed("double", column);
    case ColumnType.NEWDECIMAL:
      return signed(`decimal(${precision},${decimals})`, column);
    case ColumnType.YEAR:
      return "year";
    case ColumnType.BIT:
      return `bit(${precision})`;
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
      return "date";
    case ColumnType.DATETIME2:
      return fractional("datetime", decimals);
    case ColumnType.TIMESTAMP2:
      return fractional("timestamp", decimals);
    case ColumnType.TIME2:
      return fractional("time", decimals);
    case ColumnType.STRING:
      return characters("char", "binary", column);
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
      return characters("varchar", "varbinary", column);
    case ColumnType.BLOB:
      return `${BLOB_SIZES[column.width] ?? ""}${isBinary(column) ? "blob" : "text"}`;
    case ColumnType.ENUM:
      return `enum(${members.map(quoted).join(",")})`;
    case ColumnType.SET:
      return `set(${members.map(quoted).join(",")})`;
    case ColumnType.JSON:
      return "json";
    case ColumnType.GEOMETRY:
      return GEOMETRY_TYPES[column.geometryType] ?? "geometry";
    case ColumnType.VECTOR:
      return `vector(${dimensions})`;
    default:
      throw new UnsupportedEventError(`a column has the unknown type ${type}`);
  }
}

const INTEGERS: Readonly<Record<number, string>> = {
  [ColumnType.TINY]: "tinyint",
  [ColumnType.SHORT]: "smallint",
  [ColumnType.INT24]: "mediumint",
  [ColumnType.LONG]: "int",
  [ColumnType.LONGLONG]: "bigint",
};

/** The prefixes of BLOB and TEXT types, by the width of their length, bytes. */
const BLOB_SIZES: Readonly<Record<number, string>> = { 1: "tiny", 3: "medium", 4: "long" };

/** The maximum bytes of a character (`mbmaxlen`), if more than one. */
const LONGEST_CHARACTERS: Partial<Record<Charset, number>> = {
  big5: 2,
  cp932: 2,
  eucjpms: 3,
  euckr: 2,
  gb18030: 4,
  gb2312: 2,
  gbk: 2,
  sjis: 2,
  ucs2: 2,
  ujis: 3,
  utf16: 4,
  utf16le: 4,
  utf32: 4,
  utf8mb3: 3,
  utf8mb4: 4,
};

function signed(name: string, { unsigned }: Column): string {
  return unsigned ? `${name} unsigned` : name;
}

function fractional(name: string, decimals: number): string {
  return decimals === 0 ? name : `${name}(${decimals})`;
}

function characters(text: string, binary: string, column: Column): string {
  if (isBinary(column)) return `${binary}(${column.maxLength})`;
  const bytes = LONGEST_CHARACTERS[charsetOfCollation(column.collation)] ?? 1;
  return `${text}(${Math.floor(column.maxLength / bytes)})`;
}

function isBinary({ collation }: Column): boolean {
  return collation === BINARY_COLLATION;
}

function quoted(member: string): string {
  return `'${member.replaceAll("'", "''")}'`;
}
