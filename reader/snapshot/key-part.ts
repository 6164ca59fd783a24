import { charsetOfCollation } from "../binlog-format/charsets/collations.ts";
import { BINARY_COLLATION, type Column, ColumnType } from "../binlog-format/column.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import { areMembersShown } from "./shown-members.ts";

/**
 * A value of a key's column, as a text that can be saved and bound. Its form depends on the
 * `KeyPart`.
 */
export type KeyValue = string;

/** A column of the key by which a table is read. */
export interface KeyPart {
  /** Converts a value of a selected row, from the bytes that `columnSelect` selects. */
  ofSelected(bytes: Buffer): KeyValue;
  /** Converts a value of a change's key, as parsed by `parseExactJson`. */
  ofJson(value: unknown): KeyValue;
  /**
   * Returns an SQL expression of the column's type with one parameter, and the parameter's value.
   */
  bind(value: KeyValue): { readonly sql: string; readonly parameter: string };
  /**
   * Compares two values in ascending order, as for `sort`; null when only the server knows the
   * order.
   */
  readonly compare: ((a: KeyValue, b: KeyValue) => number) | null;
  /** An SQL expression for the column in comparisons, if it is not its name. */
  readonly inComparisons?: (column: string) => string;
}

/**
 * `collation`: the collation's name, for a text column. Throws UnsupportedEventError when the
 * column's order is unknown.
 */
export function keyPart(column: Column, collation: string | null): KeyPart {
  if (!areMembersShown(column))
    throw new UnsupportedEventError(
      "a key has an ENUM or SET with members that information_schema does not show as they are",
    );
  switch (column.type) {
    case ColumnType.TINY:
    case ColumnType.SHORT:
    case ColumnType.INT24:
    case ColumnType.LONG:
    case ColumnType.LONGLONG:
      return printed(column.unsigned ? "UNSIGNED" : "SIGNED", compareIntegers);
    case ColumnType.YEAR:
    case ColumnType.BIT:
      return printed("UNSIGNED", compareIntegers);
    case ColumnType.NEWDECIMAL:
      return printed(`DECIMAL(${column.precision}, ${column.decimals})`, compareDecimals);
    case ColumnType.FLOAT:
      return {
        ...printed("DOUBLE", compareNumbers),
        ofJson: (value) => String(Math.fround(Number(value))),
      };
    case ColumnType.DOUBLE:
      return printed("DOUBLE", compareNumbers);
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
      return printed("DATE", compareTexts);
    case ColumnType.DATETIME2:
    case ColumnType.TIMESTAMP2:
      return {
        ...printed("DATETIME(6)", compareTexts),
        ofJson: (value) => String(value).replace("T", " ").replace("Z", ""),
      };
    case ColumnType.TIME2:
      return printed("TIME(6)", compareTimes);
    case ColumnType.ENUM:
      return {
        ...printed("UNSIGNED", compareIntegers),
        ofJson: (value) => String(column.members.indexOf(String(value)) + 1),
      };
    case ColumnType.SET:
      return {
        ...printed("UNSIGNED", compareIntegers),
        ofJson: (value) => String(setNumber(column.members, value)),
        // MySQL compares a SET as a signed number, where its 64th member is the sign.
        ...(column.members.length > 63 && { inComparisons: (name) => `CAST(${name} AS UNSIGNED)` }),
      };
    case ColumnType.STRING:
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
    case ColumnType.BLOB:
      return column.collation === BINARY_COLLATION ? binary : text(column, collation);
    default:
      throw new UnsupportedEventError(`a key has a column of the unsupported type ${column.type}`);
  }
}

/**
 * A value that is bound as the text that MySQL prints, and cast to `type`. The text is sent in
 * hexadecimal, because MySQL treats a direct parameter of `CAST(? AS UNSIGNED)` as a signed
 * integer, and one of `CAST(? AS TIME)` as a time without fraction.
 */
function printed(type: string, compare: KeyPart["compare"]): KeyPart {
  const sql = `CAST(UNHEX(?) AS ${type})`;
  return {
    ofSelected: (bytes) => bytes.toString("latin1"),
    ofJson: String,
    bind: (value) => ({ sql, parameter: Buffer.from(value, "latin1").toString("hex") }),
    compare,
  };
}

/** Binary values, in hexadecimal. */
const binary: KeyPart = {
  ofSelected: (bytes) => bytes.toString("hex"),
  ofJson: (value) => Buffer.from(String(value), "base64").toString("hex"),
  bind: (parameter) => ({ sql: "UNHEX(?)", parameter }),
  compare: compareTexts,
};

/**
 * The prefix of the hexadecimal: the bytes are in the column's character set (STORED) or in UTF-8
 * (UNICODE).
 */
const STORED = "s";
const UNICODE = "u";

/** Texts, which only the server can order, by their collation. */
function text({ collation: id }: Column, collation: string | null): KeyPart {
  const charset = charsetOfCollation(id);
  const collate = collation === null ? "" : ` COLLATE ${collation}`;
  const stored = `CONVERT(UNHEX(?) USING ${charset})${collate}`;
  const unicode = `CONVERT(CONVERT(UNHEX(?) USING utf8mb4) USING ${charset})${collate}`;
  return {
    ofSelected: (bytes) => STORED + bytes.toString("hex"),
    ofJson: (value) => UNICODE + Buffer.from(String(value)).toString("hex"),
    bind: (value) => ({
      sql: value.startsWith(STORED) ? stored : unicode,
      parameter: value.slice(1),
    }),
    compare: null,
  };
}

function compareTexts(a: KeyValue, b: KeyValue): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareNumbers(a: KeyValue, b: KeyValue): number {
  return Number(a) - Number(b);
}

function compareIntegers(a: KeyValue, b: KeyValue): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Compares decimals with the same number of digits after the point. */
function compareDecimals(a: KeyValue, b: KeyValue): number {
  return compareIntegers(a.replace(".", ""), b.replace(".", ""));
}

function compareTimes(a: KeyValue, b: KeyValue): number {
  return microseconds(a) - microseconds(b);
}

/** Parses `[-]HHH:MM:SS[.ffffff]`. */
function microseconds(time: string): number {
  const [, sign, hours, minutes, seconds] = /^(-?)(\d+):(\d+):([\d.]+)$/.exec(time) ?? [];
  const size =
    (Number(hours) * 3600 + Number(minutes) * 60) * 1e6 + Math.round(Number(seconds) * 1e6);
  return sign === "-" ? -size : size;
}

/** The stored number of a SET: one bit for each member, the lowest first. */
function setNumber(members: readonly string[], value: unknown): bigint {
  const chosen = new Set(Array.isArray(value) ? value.map(String) : []);
  return members.reduce(
    (number, member, bit) => (chosen.has(member) ? number | (1n << BigInt(bit)) : number),
    0n,
  );
}
