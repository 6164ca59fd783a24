/** Column types as a table map names them (`enum_field_types` in MySQL's include/field_types.h). */
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
  /** The real type: ENUM and SET, which a table map hides behind STRING, are told apart here. */
  readonly type: number;
  readonly nullable: boolean;
  /** Of numbers. */
  readonly unsigned: boolean;
  /**
   * Of texts, ENUM and SET; `BINARY_COLLATION` for BINARY, VARBINARY and BLOB; 0 for all others.
   */
  readonly collation: number;
  /** Length of the longest value of CHAR, BINARY, VARCHAR and VARBINARY, bytes. */
  readonly maxLength: number;
  /**
   * How many bytes hold the length of a BLOB, TEXT, JSON, GEOMETRY or VECTOR, or the value of an
   * ENUM or SET.
   */
  readonly width: number;
  /** Digits of a DECIMAL; bits of a BIT. */
  readonly precision: number;
  /** Digits after the point of a DECIMAL, or of the seconds of a TIME, DATETIME or TIMESTAMP. */
  readonly decimals: number;
  /** The members of an ENUM or SET, else empty. */
  readonly members: readonly string[];
  /** Of a geometry column: 0 for GEOMETRY, 1 for POINT …, as in well-known binary. */
  readonly geometryType: number;
  /** How many numbers the longest VECTOR of this column has. */
  readonly dimensions: number;
  readonly visible: boolean;
}

/**
 * A table's definition, as one table map gives it. Two table maps of equal bytes have the same
 * definition.
 */
export interface TableDefinition {
  readonly id: number;
  readonly database: string;
  readonly table: string;
  readonly columns: readonly Column[];
  /**
   * Indexes of the primary key's columns in the key's order. For a table without one, those of the
   * first unique key that admits no NULL, as in InnoDB; empty when there is neither.
   */
  readonly primaryKey: readonly number[];
}

/** The collation of bytes that are no text. */
export const BINARY_COLLATION = 63;
