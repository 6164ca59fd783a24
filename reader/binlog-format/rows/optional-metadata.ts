import { ByteReader } from "../byte-reader.ts";
import { ColumnType } from "../column.ts";
import { CorruptEventError } from "../errors.ts";

/**
 * The optional metadata of a table map. Each list is indexed by column; columns without the
 * information are absent.
 */
export interface OptionalMetadata {
  /** The column names; null with `binlog_row_metadata=MINIMAL`. */
  names: readonly string[] | null;
  readonly unsigned: boolean[];
  readonly collations: number[];
  /** Members of ENUM and SET, as bytes of the column's character set. */
  readonly members: Buffer[][];
  readonly geometryTypes: number[];
  readonly dimensions: number[];
  readonly visible: boolean[];
  primaryKey: readonly number[];
}

/** `Optional_metadata_field_type` in MySQL's libs/mysql/binlog/event/rows_event.h. */
const Field = {
  SIGNEDNESS: 1,
  DEFAULT_CHARSET: 2,
  COLUMN_CHARSET: 3,
  COLUMN_NAME: 4,
  SET_STR_VALUE: 5,
  ENUM_STR_VALUE: 6,
  GEOMETRY_TYPE: 7,
  SIMPLE_PRIMARY_KEY: 8,
  PRIMARY_KEY_WITH_PREFIX: 9,
  ENUM_AND_SET_DEFAULT_CHARSET: 10,
  ENUM_AND_SET_COLUMN_CHARSET: 11,
  COLUMN_VISIBILITY: 12,
  VECTOR_DIMENSIONALITY: 13,
} as const;

/** The types in the signedness bitmap (`is_numeric_type` in MySQL's sql/log_event.cc). */
const NUMERIC: ReadonlySet<number> = new Set([
  ColumnType.TINY,
  ColumnType.SHORT,
  ColumnType.INT24,
  ColumnType.LONG,
  ColumnType.LONGLONG,
  ColumnType.NEWDECIMAL,
  ColumnType.FLOAT,
  ColumnType.DOUBLE,
  ColumnType.YEAR,
]);

/** The types in the character set lists (`is_character_type`), including VECTOR as binary. */
const CHARACTER: ReadonlySet<number> = new Set([
  ColumnType.STRING,
  ColumnType.VAR_STRING,
  ColumnType.VARCHAR,
  ColumnType.VECTOR,
  ColumnType.BLOB,
]);

/**
 * Reads all fields up to the end of the event, and skips unknown fields of newer servers. `types`
 * are the real types of the columns. Throws CorruptEventError when a field's content and its length
 * differ.
 */
export function readOptionalMetadata(
  reader: ByteReader,
  types: readonly number[],
): OptionalMetadata {
  const metadata: OptionalMetadata = {
    names: null,
    unsigned: [],
    collations: [],
    members: [],
    geometryTypes: [],
    dimensions: [],
    visible: [],
    primaryKey: [],
  };
  while (reader.remaining > 0) {
    const field = reader.uint8();
    const length = reader.lengthEncoded();
    const start = reader.skip(length);
    readField(new ByteReader(reader.bytes, start, start + length), field, types, metadata);
  }
  return metadata;
}

function readField(
  reader: ByteReader,
  field: number,
  types: readonly number[],
  metadata: OptionalMetadata,
): void {
  const columnsOf = (matches: (type: number) => boolean): number[] =>
    types.flatMap((type, index) => (matches(type) ? [index] : []));
  const character = (): number[] => columnsOf((type) => CHARACTER.has(type));
  const enumAndSet = (): number[] =>
    columnsOf((type) => type === ColumnType.ENUM || type === ColumnType.SET);

  switch (field) {
    case Field.SIGNEDNESS:
      readBitmap(
        reader,
        columnsOf((type) => NUMERIC.has(type)),
        metadata.unsigned,
      );
      break;
    case Field.COLUMN_VISIBILITY:
      readBitmap(
        reader,
        columnsOf(() => true),
        metadata.visible,
      );
      break;
    case Field.DEFAULT_CHARSET:
      readDefaultAndExceptions(reader, character(), metadata.collations);
      break;
    case Field.ENUM_AND_SET_DEFAULT_CHARSET:
      readDefaultAndExceptions(reader, enumAndSet(), metadata.collations);
      break;
    case Field.COLUMN_CHARSET:
      readNumbers(reader, character(), metadata.collations);
      break;
    case Field.ENUM_AND_SET_COLUMN_CHARSET:
      readNumbers(reader, enumAndSet(), metadata.collations);
      break;
    case Field.GEOMETRY_TYPE:
      readNumbers(
        reader,
        columnsOf((type) => type === ColumnType.GEOMETRY),
        metadata.geometryTypes,
      );
      break;
    case Field.VECTOR_DIMENSIONALITY:
      readNumbers(
        reader,
        columnsOf((type) => type === ColumnType.VECTOR),
        metadata.dimensions,
      );
      break;
    case Field.ENUM_STR_VALUE:
      readMembers(
        reader,
        columnsOf((type) => type === ColumnType.ENUM),
        metadata.members,
      );
      break;
    case Field.SET_STR_VALUE:
      readMembers(
        reader,
        columnsOf((type) => type === ColumnType.SET),
        metadata.members,
      );
      break;
    case Field.COLUMN_NAME:
      metadata.names = readAll(reader, () => reader.lengthEncodedSlice().toString("utf8"));
      break;
    case Field.SIMPLE_PRIMARY_KEY:
      metadata.primaryKey = readAll(reader, () => reader.lengthEncoded());
      break;
    case Field.PRIMARY_KEY_WITH_PREFIX:
      metadata.primaryKey = readAll(reader, () => {
        const column = reader.lengthEncoded();
        reader.lengthEncoded(); // the number of its characters in the index
        return column;
      });
      break;
    default: // a field of a newer server
      return;
  }
  if (reader.remaining !== 0) {
    throw new CorruptEventError(`field ${field} of a table map's metadata has surplus bytes`);
  }
}

/** Reads one bit per listed column, the highest bit of a byte first. */
function readBitmap(reader: ByteReader, columns: readonly number[], target: boolean[]): void {
  const bits = reader.slice((columns.length + 7) >> 3);
  columns.forEach((column, i) => {
    target[column] = (bits.readUInt8(i >> 3) & (0x80 >> (i & 7))) !== 0;
  });
}

/**
 * Reads a number for all listed columns, then pairs of (index in the list, number) for the
 * exceptions.
 */
function readDefaultAndExceptions(
  reader: ByteReader,
  columns: readonly number[],
  target: number[],
): void {
  const usual = reader.lengthEncoded();
  for (const column of columns) target[column] = usual;
  while (reader.remaining > 0) {
    const column = columns[reader.lengthEncoded()];
    if (column === undefined)
      throw new CorruptEventError(
        "a table map has a character set for a column that does not exist",
      );
    target[column] = reader.lengthEncoded();
  }
}

function readNumbers(reader: ByteReader, columns: readonly number[], target: number[]): void {
  for (const column of columns) target[column] = reader.lengthEncoded();
}

function readMembers(reader: ByteReader, columns: readonly number[], target: Buffer[][]): void {
  for (const column of columns) {
    const count = reader.lengthEncoded();
    const members: Buffer[] = [];
    for (let i = 0; i < count; i++) members.push(reader.lengthEncodedSlice());
    target[column] = members;
  }
}

function readAll<T>(reader: ByteReader, read: () => T): T[] {
  const all: T[] = [];
  while (reader.remaining > 0) all.push(read());
  return all;
}
