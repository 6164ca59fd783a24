import { isDeepStrictEqual } from "node:util";
import { charsetOfCollation } from "../../reader/binlog-format/charsets/collations.ts";
import { textDecoder } from "../../reader/binlog-format/charsets/decode-text.ts";
import { BINARY_COLLATION, type Column, ColumnType } from "../../reader/binlog-format/column.ts";

/**
 * Whether a change's value equals what mysqlbinlog shows for it. Null: mysqlbinlog does not show
 * values of this type.
 */
export function isSameValue(column: Column, value: unknown, shown: string): boolean | null {
  // A JSON column may contain SQL NULL or the JSON value null. A message has null for both.
  if (value === null && column.type === ColumnType.JSON)
    return shown === "NULL" || shown === "'null'";
  if (shown === "NULL" || value === null) return shown === "NULL" && value === null;
  const text = textOf(value);
  switch (column.type) {
    case ColumnType.TINY:
    case ColumnType.SHORT:
    case ColumnType.INT24:
    case ColumnType.LONG:
    case ColumnType.LONGLONG:
      return text === integer(column, shown);
    case ColumnType.YEAR:
      // mysqlbinlog shows the year 0000 as 1900.
      return Number(value) === (shown === "1900" ? 0 : Number(shown));
    case ColumnType.NEWDECIMAL:
      return value === shown;
    case ColumnType.FLOAT:
      // mysqlbinlog shows six digits of the 4-byte value.
      return Number(Math.fround(Number(value)).toPrecision(6)) === Number(shown);
    case ColumnType.DOUBLE:
      return Number(value) === Number(shown);
    case ColumnType.BIT:
      return BigInt(value as number | bigint) === BigInt(`0b${shown.slice(2, -1)}`);
    case ColumnType.ENUM:
      return value === (column.members[Number(shown) - 1] ?? "");
    case ColumnType.SET:
      return isDeepStrictEqual(value, chosen(column, shown.slice(2, -1)));
    case ColumnType.TIMESTAMP:
    case ColumnType.TIMESTAMP2:
      return seconds(text) === shown;
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
      return `'${text.replaceAll("-", ":")}'` === shown;
    case ColumnType.TIME:
    case ColumnType.TIME2:
    case ColumnType.DATETIME:
    case ColumnType.DATETIME2:
      return `'${text}'` === shown;
    case ColumnType.GEOMETRY:
      // The shown bytes begin with the SRID, four bytes.
      return text === bytesOf(shown).subarray(4).toString("base64");
    case ColumnType.JSON:
      return isSameDocument(value, bytesOf(shown).toString("utf8"));
    case ColumnType.VECTOR:
      return null;
    default:
      return isSameText(column, text, bytesOf(shown));
  }
}

/** The text of a value that is a string or a number. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" ? value.toString() : "";
}

/** An integer as mysqlbinlog shows it: signed and unsigned, `-1 (255)`. */
function integer({ unsigned }: Column, shown: string): string {
  const both = /^(-\d+) \((\d+)\)$/.exec(shown);
  if (both === null) return shown;
  return (unsigned ? both[2] : both[1]) ?? "";
}

/**
 * The members whose bits are set in `bits`, a list of bytes: lowest byte first, highest bit of each
 * byte first.
 */
function chosen({ members }: Column, bits: string): string[] {
  return members.filter((_, bit) => bits[(bit | 7) - (bit & 7)] === "1");
}

/** The seconds since 1970 of a time like `2026-11-20T19:05:00.125Z`, with as many decimals. */
function seconds(text: string): string {
  if (text.startsWith("0000")) return `0${/\.\d+/.exec(text)?.[0] ?? ""}`;
  const [whole = "", fraction] = text.replace("Z", "").split(".");
  const since = Date.parse(`${whole}Z`) / 1000;
  return fraction === undefined ? String(since) : `${since}.${fraction}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  t: "\t",
  n: "\n",
  r: "\r",
  0: "\0",
};

/** The bytes of a quoted text. mysqlbinlog writes some of them as `\x0a` or `\n`. */
function bytesOf(shown: string): Buffer {
  const text = shown
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, hex: string | undefined, letter: string) =>
      hex === undefined
        ? (ESCAPES[letter] ?? letter)
        : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(text, "latin1");
}

function isSameText(column: Column, value: string, bytes: Buffer): boolean {
  if (column.collation === BINARY_COLLATION) {
    const own = Buffer.from(value, "base64");
    // The binlog omits the zero bytes at the end of a BINARY value; a change contains them.
    return (
      own.subarray(0, bytes.length).equals(bytes) &&
      own.subarray(bytes.length).every((byte) => byte === 0)
    );
  }
  // A message has U+FFFD where the bytes encode no Unicode character: beyond Unicode in gb18030, or
  // half a surrogate pair in utf16.
  return value === textDecoder(charsetOfCollation(column.collation))(bytes).toWellFormed();
}

/** Compares JSON documents: mysqlbinlog adds spaces and writes equal numbers differently. */
function isSameDocument(value: unknown, text: string): boolean {
  if (text === "") return value === null;
  // A document that is a string is shown without its quotes.
  if (typeof value === "string") return value === text;
  return isDeepStrictEqual(plain(value), plain(JSON.parse(text)));
}

/** Compares numbers as rounded by JavaScript; test/integration/values compares every digit. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "bigint"
        ? Number(inner)
        : inner instanceof Object && "digits" in inner
          ? Number(inner)
          : inner,
    ),
  );
}
