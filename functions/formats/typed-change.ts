import type { Change } from "../../wire/message.ts";

/** A change with what the formats of other tools say beside it. */
export interface TypedChange {
  readonly change: Change;
  /** The `name` in the router's configuration. */
  readonly source: string;
  readonly environment: string;
  /** The table's columns in order; `type` as MySQL's COLUMN_TYPE has it: `decimal(10,2)`, `bigint unsigned`. */
  readonly columns: readonly TypedColumn[];
  /** The primary key's columns in order; empty when the table has none. */
  readonly key: readonly string[];
  /** The change's number in its transaction, from 0, and whether it is the last. */
  readonly transaction: { readonly n: number; readonly last: boolean };
}

interface TypedColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

/** The type's name: `decimal` of `decimal(10,2) unsigned`. */
export function typeName(columnType: string): string {
  return /^[a-z]+/.exec(columnType.toLowerCase())?.[0] ?? "";
}

/** Whether values of the type are geometries: base64 of well-known binary. */
export function isGeometry(columnType: string): boolean {
  return GEOMETRIES.has(typeName(columnType));
}

const GEOMETRIES = new Set([
  "geometry",
  "point",
  "linestring",
  "polygon",
  "multipoint",
  "multilinestring",
  "multipolygon",
  "geomcollection",
]);

/** The members that a column type lists: `enum('open','it''s')`. */
export function members(columnType: string): string[] {
  return [...columnType.matchAll(/'((?:[^']|'')*)'/g)].map(([, quoted = ""]) =>
    quoted.replaceAll("''", "'"),
  );
}

/** The columns of the row that the table has, in the table's order, each value converted. */
export function convertRow(
  { columns }: TypedChange,
  row: Row,
  convert: (value: unknown, columnType: string, nullable: boolean) => unknown,
): Row {
  return Object.fromEntries(
    columns
      .filter(({ name }) => Object.hasOwn(row, name))
      .map(({ name, type, nullable }) => {
        const value = row[name];
        return [name, value === null ? null : convert(value, type, nullable)];
      }),
  );
}

/** What of the row before an update has another value than after it. */
export function changedColumns(before: Row, after: Row, textOf: (value: unknown) => string): Row {
  return Object.fromEntries(
    Object.entries(before).filter(([name, value]) => textOf(value) !== textOf(after[name])),
  );
}

/** `2026-11-20T19:05:00.125000Z` as MySQL shows it in the time zone UTC. */
export function plainTimestamp(rfc3339: string): string {
  return rfc3339.replace("T", " ").replace("Z", "");
}
