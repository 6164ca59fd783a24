import type { FilteredNames } from "../../config/filtered-names.ts";
import type { FormerNames } from "../../wire/frame.ts";
import type { TableId } from "./name-filters.ts";

/** A table and its former names. */
export interface NamedTable {
  readonly table: TableId;
  readonly former: FormerNames;
}

/**
 * The former names on which filters depend, as saved with the offset. It is never changed. Earlier
 * releases read `present` and `past` only: these two contain all names, and no table twice.
 */
export interface SavedNames {
  readonly present: readonly NamedTable[];
  /**
   * Former names that tables and columns no longer have, because they have since been dropped or
   * renamed. They matter where an older part of the binlog is read.
   */
  readonly past: readonly NamedTable[];
  /**
   * By how many bytes `present` may exceed its limit, because it contains names that were past when
   * an operator let the reader begin at an earlier position.
   */
  readonly allowance?: number;
  /**
   * The patterns of the filters, also of those that earlier configurations had. Left out by earlier
   * releases.
   */
  readonly filtered?: FilteredNames;
}

/**
 * The names for reading an older part of the binlog again: tables have all former names that they
 * had at any time. This can only hide more.
 */
export function namesAtAnyTime(saved: SavedNames | undefined): SavedNames | undefined {
  if (saved === undefined) return undefined;
  const present = merged([...saved.present, ...saved.past]);
  const added = lengthOf(present) - lengthOf(saved.present);
  return { ...saved, present, past: [], allowance: (saved.allowance ?? 0) + added };
}

/**
 * The names for reading the binlog again from an earlier position, where some of the transactions
 * behind it may be skipped: tables have the former names that they had at any time since. This can
 * only hide more.
 */
export function namesSince(
  earlier: SavedNames | undefined,
  now: SavedNames | undefined,
): SavedNames | undefined {
  if (earlier === now || now === undefined) return earlier;
  const past = earlier?.past ?? [];
  const older = new Map(past.map(({ table, former }) => [keyOf(table), former]));
  const ended = now.past.filter(
    ({ table, former }) => !contains(older.get(keyOf(table)) ?? NONE, former),
  );
  return {
    ...now,
    present: merged([...(earlier?.present ?? []), ...now.present, ...ended]),
    past,
  };
}

function merged(tables: readonly NamedTable[]): readonly NamedTable[] {
  const all = new Map<string, NamedTable>();
  for (const { table, former } of tables) {
    const known = all.get(keyOf(table))?.former ?? NONE;
    all.set(keyOf(table), { table, former: union(known, former) });
  }
  return [...all.values()];
}

export const NONE: FormerNames = { tables: [], columns: [] };

export function isEmpty({ tables, columns }: FormerNames): boolean {
  return tables.length === 0 && columns.length === 0;
}

/** Whether adding `other` adds nothing. */
export function contains(names: FormerNames, other: FormerNames): boolean {
  return sizeOf(union(names, other)) === sizeOf(names);
}

function sizeOf({ tables, columns }: FormerNames): number {
  return tables.length + columns.reduce((sum, [, former]) => sum + former.length, 0);
}

export function union(one: FormerNames, other: FormerNames): FormerNames {
  const tables = new Map([...one.tables, ...other.tables].map((name) => [keyOf(name), name]));
  const columns = new Map(one.columns);
  for (const [present, former] of other.columns)
    columns.set(present, [...new Set([...(columns.get(present) ?? []), ...former])]);
  return { tables: [...tables.values()], columns: [...columns] };
}

/** The length of entries as JSON, bytes. */
export function lengthOf(tables: Iterable<NamedTable>): number {
  return Buffer.byteLength(JSON.stringify([...tables]));
}

export function keyOf([database, table]: TableId): string {
  return `${database}\0${table}`;
}
