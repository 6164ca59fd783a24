import { ByteReader } from "../byte-reader.ts";
import { isUtf8 } from "node:buffer";
import { charsetOfCollation } from "../charsets/collations.ts";
import { textDecoder } from "../charsets/decode-text.ts";
import type { Column, TableDefinition } from "../column.ts";
import { type ColumnMetadata, readColumnMetadata } from "./column-metadata.ts";
import { CorruptEventError, MissingRowMetadataError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { readOptionalMetadata } from "./optional-metadata.ts";

/** The part of a table map that says whose rows follow; reading it alone is cheap. */
export interface TableMapName {
  readonly id: number;
  readonly database: string;
  readonly table: string;
}

/**
 * Which table a TABLE_MAP_EVENT, given with its header and without checksum, is about. Throws
 * CorruptEventError.
 */
export function parseTableMapName(event: Buffer): TableMapName {
  return readName(new ByteReader(event, EVENT_HEADER_LENGTH));
}

/**
 * The table's definition from a TABLE_MAP_EVENT, given with its header and without checksum. Throws
 * MissingRowMetadataError where the event names no columns, UnsupportedEventError for a column type
 * that is not known, CorruptEventError. Format: `Table_map_event` in MySQL's
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
    throw new CorruptEventError(`${names.length} names for ${metadata.length} columns`);
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
  if (optional.primaryKey.some((index) => columns[index] === undefined)) {
    throw new CorruptEventError("a primary key names a column that is not there");
  }
  return { ...name, columns, primaryKey: optional.primaryKey };
}

/**
 * A member of an ENUM or SET. In character set binary it has the bytes that its definition was
 * written with, in UTF-8.
 */
function memberText(member: Buffer, collation: number): string {
  const charset = charsetOfCollation(collation);
  return textDecoder(charset === "binary" && isUtf8(member) ? "utf8mb4" : charset)(member);
}

/**
 * The types of the columns alone, as every TABLE_MAP_EVENT has them, also with
 * `binlog_row_metadata=MINIMAL`. Throws UnsupportedEventError for a column type that is not known,
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
