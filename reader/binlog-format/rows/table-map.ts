import { ByteReader } from "../byte-reader.ts";
import { isUtf8 } from "node:buffer";
import { charsetOfCollation } from "../charsets/collations.ts";
import { textDecoder } from "../charsets/decode-text.ts";
import { type Column, ColumnType, type TableDefinition } from "../column.ts";
import { type ColumnMetadata, readColumnMetadata } from "./column-metadata.ts";
import { CorruptEventError, MissingRowMetadataError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { readOptionalMetadata } from "./optional-metadata.ts";

/** The id and name of the table in a table map, which can be read without its columns. */
export interface TableMapName {
  readonly id: number;
  readonly database: string;
  readonly table: string;
}

/**
 * Parses only the id and name of a TABLE_MAP_EVENT, given with header, without checksum. Throws
 * CorruptEventError.
 */
export function parseTableMapName(event: Buffer): TableMapName {
  return readName(new ByteReader(event, EVENT_HEADER_LENGTH));
}

/**
 * Parses the table's definition from a TABLE_MAP_EVENT, given with header, without checksum. Throws
 * MissingRowMetadataError when the event has no column names, UnsupportedEventError for an unknown
 * column type, and CorruptEventError. Format: `Table_map_event` in MySQL's
 * libs/mysql/binlog/event/rows_event.h.
 */
export function parseTableMap(event: Buffer): TableDefinition {
  const reader = new ByteReader(event, EVENT_HEADER_LENGTH);
  const name = readName(reader);
  const metadata = readColumns(reader);
  const nullable = reader.slice((metadata.length + 7) >> 3);
  const optional = readOptionalMetadata(
    reader,
    metadata.map(({ type }) => type),
  );

  const { names } = optional;
  if (names === null) throw new MissingRowMetadataError(name.database, name.table);
  if (names.length !== metadata.length) {
    throw new CorruptEventError(
      `a table map has ${names.length} names for ${metadata.length} columns`,
    );
  }
  const columns = metadata.map((column, i): Column => {
    const collation = optional.collations[i] ?? 0;
    return {
      ...column,
      name: names[i] ?? "",
      nullable: ((nullable[i >> 3] ?? 0) & (1 << (i & 7))) !== 0,
      unsigned: optional.unsigned[i] ?? false,
      collation,
      members: (optional.members[i] ?? []).map((member) => memberText(member, collation)),
      geometryType: optional.geometryTypes[i] ?? 0,
      dimensions: optional.dimensions[i] ?? 0,
      visible: optional.visible[i] ?? true,
    };
  });
  if (
    columns.some(
      ({ type, width, members }) => type === ColumnType.SET && members.length > 8 * width,
    )
  ) {
    throw new CorruptEventError("a SET has more members than bits");
  }
  if (optional.primaryKey.some((index) => columns[index] === undefined)) {
    throw new CorruptEventError("a primary key names a column that does not exist");
  }
  return { ...name, columns, primaryKey: optional.primaryKey };
}

/**
 * The text of an ENUM or SET member. In character set binary, it has the bytes of the definition,
 * mostly UTF-8.
 */
function memberText(member: Buffer, collation: number): string {
  const charset = charsetOfCollation(collation);
  return textDecoder(charset === "binary" && isUtf8(member) ? "utf8mb4" : charset)(member);
}

/**
 * Parses the column metadata that every TABLE_MAP_EVENT has, even with
 * `binlog_row_metadata=MINIMAL`. Throws UnsupportedEventError for an unknown column type, and
 * CorruptEventError.
 */
export function parseTableMapColumns(event: Buffer): ColumnMetadata[] {
  const reader = new ByteReader(event, EVENT_HEADER_LENGTH);
  readName(reader);
  return readColumns(reader);
}

function readColumns(reader: ByteReader): ColumnMetadata[] {
  const types = reader.slice(reader.lengthEncoded());
  const length = reader.lengthEncoded();
  const start = reader.skip(length);
  const metadata = new ByteReader(reader.bytes, start, start + length);
  return Array.from(types, (type) => readColumnMetadata(metadata, type));
}

function readName(reader: ByteReader): TableMapName {
  const id = reader.uint(6);
  reader.skip(2); // flags
  const database = reader.utf8(reader.uint8());
  reader.skip(1); // a zero byte
  const table = reader.utf8(reader.uint8());
  reader.skip(1);
  return { id, database, table };
}
