import type { Connection, RowDataPacket } from "mysql2/promise";
import { GEOMETRY_TYPES } from "../../wire/geometry-types.ts";
import {
  BINARY_COLLATION,
  type Column,
  ColumnType,
  type TableDefinition,
} from "../binlog-format/column.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import { quoteName } from "../source/quote-name.ts";

/** The server's present description of a table. */
export interface DescribedTable {
  /** The definition, as in the binlog's table maps. */
  readonly definition: TableDefinition;
  /**
   * The key by which the table is read in order; null when it has no key of whole columns without
   * NULL.
   */
  readonly key: DescribedKey | null;
  /** The approximate number and size (bytes) of rows, from the server's statistics. */
  readonly estimatedRows: number;
  readonly rowBytes: number;
}

/** A key by which a table can be read in order. */
export interface DescribedKey {
  /** The index's name. */
  readonly name: string;
  readonly columns: readonly {
    readonly index: number;
    readonly isDescending: boolean;
    /** The collation's name for a text column; else null. */
    readonly collation: string | null;
  }[];
}

const COLUMNS = `SELECT c.COLUMN_NAME AS name, c.DATA_TYPE AS type, c.COLUMN_TYPE AS text, c.IS_NULLABLE AS nullable,
  c.CHARACTER_OCTET_LENGTH AS bytes, c.NUMERIC_PRECISION AS digits, c.NUMERIC_SCALE AS scale,
  c.DATETIME_PRECISION AS fraction, c.COLLATION_NAME AS collation, l.ID AS collationId, c.EXTRA AS extra
  FROM information_schema.COLUMNS c LEFT JOIN information_schema.COLLATIONS l ON l.COLLATION_NAME = c.COLLATION_NAME
  WHERE c.TABLE_SCHEMA = ? AND c.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION`;

const SIZE = `SELECT TABLE_ROWS AS estimate, AVG_ROW_LENGTH AS bytes, TABLE_TYPE AS type FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`;

/**
 * Describes a base table; null when it does not exist or the account may not read it. Throws
 * UnsupportedEventError for a column of unknown type.
 */
export async function describeTable(
  connection: Connection,
  database: string,
  table: string,
): Promise<DescribedTable | null> {
  const [sizes] = await connection.query<RowDataPacket[]>(SIZE, [database, table]);
  const size = sizes[0];
  if (size === undefined || String(size["type"]) !== "BASE TABLE") return null;
  const [rows] = await connection.query<RowDataPacket[]>(COLUMNS, [database, table]);
  const [indexes] = await connection.query<RowDataPacket[]>(
    `SHOW INDEX FROM ${quoteName(table)} FROM ${quoteName(database)}`,
  );
  const columns = rows.map(columnOf);
  const isVirtual = rows.map((row) => /\bVIRTUAL\b/.test(textOf(row, "extra") ?? ""));
  const primary = primaryKey(columns, isVirtual, indexes);
  const collations = rows.map((row) => textOf(row, "collation"));
  return {
    definition: {
      id: 0,
      database,
      table,
      columns,
      primaryKey: primary?.parts.map(({ index }) => index) ?? [],
    },
    key:
      primary?.parts.every(({ isWhole }) => isWhole) === true
        ? {
            name: primary.name,
            columns: primary.parts.map(({ index, isDescending }) => ({
              index,
              isDescending,
              collation: collations[index] ?? null,
            })),
          }
        : null,
    estimatedRows: Number(size["estimate"] ?? 0),
    rowBytes: Number(size["bytes"] ?? 0),
  };
}

interface IndexPart {
  readonly index: number;
  readonly isDescending: boolean;
  /** Whether the key has the whole column, not only a prefix. */
  readonly isWhole: boolean;
}

/**
 * The primary key; else the first unique key of whole columns without NULL that are not virtual,
 * which InnoDB and the binlog use as the primary key; null when there is neither.
 */
function primaryKey(
  columns: readonly Column[],
  isVirtual: readonly boolean[],
  rows: readonly RowDataPacket[],
): { readonly name: string; readonly parts: readonly IndexPart[] } | null {
  const keys = Map.groupBy(
    rows.filter((row) => Number(row["Non_unique"]) === 0),
    (row) => textOf(row, "Key_name") ?? "",
  );
  for (const [name, list] of keys) {
    const parts = list
      .sort((a, b) => Number(a["Seq_in_index"]) - Number(b["Seq_in_index"]))
      .map((part) => ({
        index: columns.findIndex((column) => column.name === textOf(part, "Column_name")),
        isDescending: textOf(part, "Collation") === "D",
        isWhole: part["Sub_part"] === null,
      }));
    const isUsable = parts.every(
      ({ index, isWhole }) =>
        isWhole && columns[index]?.nullable === false && isVirtual[index] === false,
    );
    if (name === "PRIMARY" || isUsable) return { name, parts };
  }
  return null;
}

function columnOf(row: RowDataPacket): Column {
  const type = textOf(row, "type") ?? "";
  const text = textOf(row, "text") ?? "";
  const kind = TYPES[type] ?? geometry(type);
  if (kind === undefined) throw new UnsupportedEventError(`a column has the unknown type ${type}`);
  const members =
    kind.type === ColumnType.ENUM || kind.type === ColumnType.SET ? membersOf(text) : [];
  const isText = CHARACTERS.has(kind.type);
  return {
    name: textOf(row, "name") ?? "",
    type: kind.type,
    nullable: textOf(row, "nullable") === "YES",
    unsigned: /\bunsigned\b/.test(members.length > 0 ? "" : text) || text === "year",
    collation: isText ? Number(row["collationId"] ?? BINARY_COLLATION) : 0,
    maxLength: LENGTHS.has(kind.type) ? Number(row["bytes"] ?? 0) : 0,
    width: kind.width ?? memberBytes(kind.type, members.length),
    precision:
      kind.type === ColumnType.NEWDECIMAL || kind.type === ColumnType.BIT
        ? Number(row["digits"] ?? 0)
        : 0,
    decimals: Number((kind.type === ColumnType.NEWDECIMAL ? row["scale"] : row["fraction"]) ?? 0),
    members,
    geometryType: kind.geometryType ?? 0,
    dimensions: kind.type === ColumnType.VECTOR ? Number(/\((\d+)\)/.exec(text)?.[1] ?? 0) : 0,
    visible: !/\bINVISIBLE\b/.test(textOf(row, "extra") ?? ""),
  };
}

interface Kind {
  readonly type: number;
  readonly width?: number;
  readonly geometryType?: number;
}

/** The column types by DATA_TYPE of information_schema.COLUMNS. */
const TYPES: Readonly<Record<string, Kind>> = {
  tinyint: { type: ColumnType.TINY },
  smallint: { type: ColumnType.SHORT },
  mediumint: { type: ColumnType.INT24 },
  int: { type: ColumnType.LONG },
  bigint: { type: ColumnType.LONGLONG },
  float: { type: ColumnType.FLOAT, width: 4 },
  double: { type: ColumnType.DOUBLE, width: 8 },
  decimal: { type: ColumnType.NEWDECIMAL },
  year: { type: ColumnType.YEAR },
  bit: { type: ColumnType.BIT },
  date: { type: ColumnType.DATE },
  datetime: { type: ColumnType.DATETIME2 },
  timestamp: { type: ColumnType.TIMESTAMP2 },
  time: { type: ColumnType.TIME2 },
  char: { type: ColumnType.STRING },
  binary: { type: ColumnType.STRING },
  varchar: { type: ColumnType.VARCHAR },
  varbinary: { type: ColumnType.VARCHAR },
  tinytext: { type: ColumnType.BLOB, width: 1 },
  tinyblob: { type: ColumnType.BLOB, width: 1 },
  text: { type: ColumnType.BLOB, width: 2 },
  blob: { type: ColumnType.BLOB, width: 2 },
  mediumtext: { type: ColumnType.BLOB, width: 3 },
  mediumblob: { type: ColumnType.BLOB, width: 3 },
  longtext: { type: ColumnType.BLOB, width: 4 },
  longblob: { type: ColumnType.BLOB, width: 4 },
  enum: { type: ColumnType.ENUM },
  set: { type: ColumnType.SET },
  json: { type: ColumnType.JSON, width: 4 },
  vector: { type: ColumnType.VECTOR, width: 4 },
};

const LENGTHS: ReadonlySet<number> = new Set([ColumnType.STRING, ColumnType.VARCHAR]);
const CHARACTERS: ReadonlySet<number> = new Set([
  ColumnType.STRING,
  ColumnType.VARCHAR,
  ColumnType.BLOB,
  ColumnType.ENUM,
  ColumnType.SET,
  ColumnType.VECTOR,
]);

function geometry(type: string): Kind | undefined {
  const geometryType = GEOMETRY_TYPES.findIndex((name) => name === type);
  return geometryType < 0 ? undefined : { type: ColumnType.GEOMETRY, width: 4, geometryType };
}

/** The number of bytes for the value of an ENUM or SET; 0 for other types. */
function memberBytes(type: number, members: number): number {
  if (type === ColumnType.ENUM) return members > 255 ? 2 : 1;
  if (type !== ColumnType.SET) return 0;
  const bytes = (members + 7) >> 3;
  return bytes > 4 ? 8 : bytes;
}

const ESCAPES: Readonly<Record<string, string>> = { "0": "\0", n: "\n", r: "\r" };

/**
 * The members in `enum('a','it''s')`. MySQL doubles quotes, and escapes a backslash, NUL, line feed
 * and carriage return with a backslash.
 */
function membersOf(text: string): string[] {
  return Array.from(text.matchAll(/'((?:[^'\\]|''|\\.)*)'/gsu), ([, member = ""]) =>
    member.replaceAll(/''|\\(.)/gsu, (match, letter: string | undefined) =>
      letter === undefined ? match.slice(1) : (ESCAPES[letter] ?? letter),
    ),
  );
}

function textOf(row: RowDataPacket, name: string): string | null {
  const value: unknown = row[name];
  if (value === null || value === undefined) return null;
  return Buffer.isBuffer(value) ? value.toString() : `${value as string | number}`;
}
