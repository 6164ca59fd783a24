import { charsetOfCollation } from "../binlog-format/charsets/collations.ts";
import { textDecoder } from "../binlog-format/charsets/decode-text.ts";
import { BINARY_COLLATION, type Column, ColumnType } from "../binlog-format/column.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import type { JsonWriter } from "../binlog-format/json-writer.ts";
import { binaryWriter, geometryWriter } from "../binlog-format/values/binary.ts";
import { enumWriter, setWriter } from "../binlog-format/values/enum-set.ts";
import { writeFloat32, writeNumber } from "../binlog-format/values/floats.ts";
import { textWriter } from "../binlog-format/values/text.ts";
import { readLength, type ValueWriter } from "../binlog-format/values/value-writer.ts";
import { vectorWriter } from "../binlog-format/values/vector.ts";
import { quoteName } from "../source/quote-name.ts";
import { writeDocument } from "./json-document.ts";
import { areMembersShown } from "./shown-members.ts";

/** Selects a column as bytes, and writes them exactly like the column's values in the binlog. */
export interface ColumnSelect {
  /** An SQL expression with character set binary, so that the driver returns its bytes. */
  readonly sql: string;
  /** Writes a value, given as its length (see `LENGTH_BYTES`) and its bytes. */
  readonly write: ValueWriter;
}

/** The width of the length before each value in an image; lowest byte first. */
export const LENGTH_BYTES = 4;

/** Throws UnsupportedEventError for a column of unknown type or collation. */
export function columnSelect(column: Column): ColumnSelect {
  const name = quoteName(column.name);
  switch (column.type) {
    case ColumnType.TINY:
    case ColumnType.SHORT:
    case ColumnType.INT24:
    case ColumnType.LONG:
    case ColumnType.LONGLONG:
    case ColumnType.YEAR:
    case ColumnType.BIT:
      // `+ 0` removes the zeros of ZEROFILL.
      return { sql: `CAST(${name} + 0 AS BINARY)`, write: asItIs };
    case ColumnType.FLOAT:
      return { sql: `CAST(CAST(${name} AS DOUBLE) AS BINARY)`, write: float };
    case ColumnType.DOUBLE:
      // JSON has all digits, also those that DOUBLE(M, D) does not print.
      return { sql: `CAST(CAST(${name} AS JSON) AS BINARY)`, write: double };
    case ColumnType.NEWDECIMAL: {
      // The inner cast removes the zeros of ZEROFILL.
      const type = `DECIMAL(${column.precision}, ${column.decimals})`;
      return { sql: `CAST(CAST(${name} AS ${type}) AS BINARY)`, write: quoted };
    }
    case ColumnType.DATE:
    case ColumnType.NEWDATE:
    case ColumnType.DATETIME2:
    case ColumnType.TIME2:
      return { sql: `CAST(${name} AS BINARY)`, write: quoted };
    case ColumnType.TIMESTAMP2:
      return { sql: `CAST(${name} AS BINARY)`, write: timestamp };
    case ColumnType.STRING:
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
    case ColumnType.BLOB:
      return { sql: `CAST(${name} AS BINARY)`, write: characters(column) };
    case ColumnType.ENUM:
      if (!areMembersShown(column)) return memberTexts(column, (text) => text);
      return {
        sql: `CAST(CAST(${name} AS UNSIGNED) AS BINARY)`,
        write: numbered(enumWriter(column.members, MEMBER_BYTES)),
      };
    case ColumnType.SET:
      if (!areMembersShown(column))
        return memberTexts(column, (text) => (text === "" ? [] : text.split(",")));
      return {
        sql: `CAST(CAST(${name} AS UNSIGNED) AS BINARY)`,
        write: numbered(setWriter(column.members, MEMBER_BYTES)),
      };
    case ColumnType.JSON:
      return { sql: `CAST(${name} AS BINARY)`, write: document };
    case ColumnType.GEOMETRY:
      return { sql: `CONCAT(${name})`, write: geometryWriter(LENGTH_BYTES) };
    case ColumnType.VECTOR:
      return { sql: `CAST(${name} AS BINARY)`, write: vectorWriter(LENGTH_BYTES) };
    default:
      throw new UnsupportedEventError(`a column has the unknown type ${column.type}`);
  }
}

function characters({ collation }: Column): ValueWriter {
  return collation === BINARY_COLLATION
    ? binaryWriter(LENGTH_BYTES)
    : textWriter(charsetOfCollation(collation), LENGTH_BYTES);
}

/** A writer that passes the start and end of a value's bytes to `write`. */
function ofBytes(
  write: (row: Buffer, start: number, end: number, json: JsonWriter) => void,
): ValueWriter {
  return (row, offset, json) => {
    const start = offset + LENGTH_BYTES;
    const end = start + readLength(row, offset, LENGTH_BYTES);
    write(row, start, end, json);
    return end;
  };
}

const asItIs = ofBytes((row, start, end, json) => json.raw(row.subarray(start, end)));

const quoted = ofBytes((row, start, end, json) => json.utf8String(row, start, end));

const double = ofBytes((row, start, end, json) =>
  writeNumber(json, Number(row.toString("latin1", start, end))),
);

const float = ofBytes((row, start, end, json) =>
  writeFloat32(json, Math.fround(Number(row.toString("latin1", start, end)))),
);

const document = ofBytes((row, start, end, json) => writeDocument(row, start, end, json));

/** `2026-01-02 03:04:05.5` as `2026-01-02T03:04:05.5Z`; the zero timestamp is unchanged. */
const timestamp = ofBytes((row, start, end, json) => {
  const text = row.toString("latin1", start, end);
  json.string(text.startsWith("0000") ? text : `${text.replace(" ", "T")}Z`);
});

/** ENUM and SET whose members only the server knows are selected as their text. */
function memberTexts(
  { name, collation }: Column,
  valueOf: (text: string) => string | readonly string[],
): ColumnSelect {
  const decode = textDecoder(charsetOfCollation(collation));
  return {
    sql: `CAST(${quoteName(name)} AS BINARY)`,
    write: ofBytes((row, start, end, json) => {
      const text = decode(row.subarray(start, end));
      json.raw(Buffer.from(JSON.stringify(valueOf(text))));
    }),
  };
}

const MEMBER_BYTES = 6;
const memberNumber = Buffer.alloc(8);

/** ENUM and SET are selected as the number that the table stores. */
function numbered(write: ValueWriter): ValueWriter {
  return ofBytes((row, start, end, json) => {
    memberNumber.writeBigUInt64LE(BigInt(row.toString("latin1", start, end)));
    write(memberNumber, 0, json);
  });
}
