import fc from "fast-check";
import {
  BINARY_COLLATION,
  type Column,
  ColumnType,
  type TableDefinition,
} from "../../../../../reader/binlog-format/column.ts";

/** What the columns of all types have. */
export const COLUMN: Column = {
  name: "",
  type: 0,
  nullable: true,
  unsigned: false,
  collation: 0,
  maxLength: 0,
  width: 0,
  precision: 0,
  decimals: 0,
  members: [],
  geometryType: 0,
  dimensions: 0,
  visible: true,
};

/**
 * Collations of utf8mb4, latin1, swe7, ascii, cp1251, and of character sets with several bytes per
 * character: ucs2, utf16, utf32, sjis, big5, ujis, gbk, gb18030.
 */
const COLLATIONS = [255, 8, 10, 11, 51, 35, 54, 60, 13, 1, 12, 28, 248];
const NAMES = ["id", "a", "a name of more than sixteen bytes", 'quote " and \\', "été 😀", ""];

const ofType = (type: number, rest: Partial<Column> = {}): fc.Arbitrary<Partial<Column>> =>
  fc.constant({ type, ...rest });

/** A column of any type that a table map can have. */
const column: fc.Arbitrary<Column> = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom(
            ColumnType.TINY,
            ColumnType.SHORT,
            ColumnType.INT24,
            ColumnType.LONG,
            ColumnType.LONGLONG,
          ),
          fc.boolean(),
        )
        .map(([type, unsigned]) => ({ type, unsigned })),
      fc.constantFrom(
        ...[ColumnType.FLOAT, ColumnType.DOUBLE, ColumnType.YEAR, ColumnType.DATE].map((type) => ({
          type,
        })),
      ),
      fc.tuple(fc.integer({ min: 1, max: 65 }), fc.nat(30)).map(([precision, decimals]) => ({
        type: ColumnType.NEWDECIMAL,
        precision,
        decimals: Math.min(precision, decimals),
      })),
      fc
        .tuple(
          fc.constantFrom(ColumnType.DATETIME2, ColumnType.TIMESTAMP2, ColumnType.TIME2),
          fc.nat(6),
        )
        .map(([type, decimals]) => ({ type, decimals })),
      fc.integer({ min: 1, max: 64 }).map((precision) => ({ type: ColumnType.BIT, precision })),
      fc
        .tuple(
          fc.constantFrom(ColumnType.STRING, ColumnType.VARCHAR),
          fc.constantFrom(10, 255, 300),
          fc.constantFrom(BINARY_COLLATION, ...COLLATIONS),
        )
        .map(([type, maxLength, collation]) => ({ type, maxLength, collation })),
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(BINARY_COLLATION, ...COLLATIONS))
        .map(([width, collation]) => ({ type: ColumnType.BLOB, width, collation })),
      ofType(ColumnType.ENUM, { width: 1, members: ["new", 'the "paid"', "é".repeat(20)] }),
      ofType(ColumnType.SET, {
        width: 2,
        members: Array.from({ length: 11 }, (_, i) => `member ${i} "`),
      }),
      ofType(ColumnType.SET, { width: 8, members: Array.from({ length: 64 }, (_, i) => `${i}`) }),
      ofType(ColumnType.JSON, { width: 4 }),
      ofType(ColumnType.GEOMETRY, { width: 4 }),
      ofType(ColumnType.VECTOR, { width: 4 }),
    ),
  )
  .map(([name, rest]) => ({ ...COLUMN, ...rest, name }));

/** A table of up to twelve columns, some of which are the key, or are repeated in it. */
export const tableDefinition: fc.Arbitrary<TableDefinition> = fc
  .array(column, { minLength: 1, maxLength: 12, size: "max" })
  .chain((columns) =>
    fc.record({
      id: fc.constant(1),
      database: fc.constant("shop"),
      table: fc.constant("orders"),
      columns: fc.constant(columns),
      primaryKey: fc.oneof(
        fc.subarray([...columns.keys()], { maxLength: Math.min(3, columns.length) }),
        fc.shuffledSubarray([...columns.keys()]),
        fc.array(fc.nat(columns.length - 1), { maxLength: 5 }),
      ),
    }),
  );
