import type { FormerNames } from "../../wire/frame.ts";

/** The column types of table maps (`enum_field_types` in MySQL's include/field_types.h). */
export const ColumnType = {
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  LONGLONG: 8,
  INT24: 9,
  TIMESTAMP: 7,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  TIMESTAMP2: 17,
  DATETIME2: 18,
  TIME2: 19,
  TYPED_ARRAY: 20,
  VECTOR: 242,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const;

/** One column of a table at the moment of its table map. */
export interface Column {
  readonly name: string;
  /** The real type: ENUM or SET, although a table map has STRING for them. */
  readonly type: number;
  readonly nullable: boolean;
  /** Whether a numeric column is unsigned. */
  readonly unsigned: boolean;
  /**
   * The collation's id of a text, ENUM or SET column; `BINARY_COLLATION` for BINARY, VARBINARY and
   * BLOB; 0 for other types.
   */
  readonly collation: number;
  /** The maximum length of a CHAR, BINARY, VARCHAR or VARBINARY, bytes. */
  readonly maxLength: number;
  /**
   * The number of bytes for the length of a BLOB, TEXT, JSON, GEOMETRY or VECTOR value, or for the
   * value of an ENUM or SET.
   */
  readonly width: number;
  /** The digits of a DECIMAL; the bits of a BIT. */
  readonly precision: number;
  /**
   * The digits after the point of a DECIMAL, or of the seconds of a TIME, DATETIME or TIMESTAMP.
   */
  readonly decimals: number;
  /** The members of an ENUM or SET; empty for other types. */
  readonly members: readonly string[];
  /** The type of a geometry column, as in well-known binary: 0 for GEOMETRY, 1 for POINT …. */
  readonly geometryType: number;
  /** The maximum dimensions of a VECTOR. */
  readonly dimensions: number;
  readonly visible: boolean;
}

/** A table's definition from a table map. */
export interface TableDefinition {
  readonly id: number;
  readonly database: string;
  readonly table: string;
  readonly columns: readonly Column[];
  /**
   * The indexes of the primary key's columns, in the key's order. For a table without a primary
   * key, those of the first unique key without nullable columns, as in InnoDB; empty when there is
   * neither.
   */
  readonly primaryKey: readonly number[];
  /**
   * Former names on which filters depend. They are not in the table map: `NameHistory` adds them.
   */
  readonly former?: FormerNames;
}

/** The collation of binary data. */
export const BINARY_COLLATION = 63;
