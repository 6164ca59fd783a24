import type { FilteredNames } from "../../config/filtered-names.ts";
import type { FormerNames } from "../../wire/frame.ts";
import type { NameChange } from "./altered-tables.ts";
import { NameFilters, type TableId } from "./name-filters.ts";
import type { TableName } from "./statement-cursor.ts";

/** A table and its former names. */
export interface NamedTable {
  readonly table: TableId;
  readonly former: FormerNames;
}

/** The former names on which filters depend, as saved with the offset. It is never changed. */
export interface SavedNames {
  readonly present: readonly NamedTable[];
  /**
   * Former names that tables and columns no longer have, because they have since been dropped or
   * renamed. They matter where an older part of the binlog is read.
   */
  readonly past: readonly NamedTable[];
}

export interface NameHistoryOptions {
  /** null: no filter depends on a name, and nothing is remembered. */
  readonly filtered: FilteredNames | null;
  /** See `FollowedTablesOptions`. */
  readonly lowerCase: boolean;
  readonly saved?: SavedNames | undefined;
  /** Whether the state has to be short enough for the offset; true by default. */
  readonly isLimited?: boolean;
}

/**
 * The maximum lengths of the saved state, as JSON. A DynamoDB item is limited to 400 KB, of which
 * kept XA transactions may take half.
 */
const MOST_PRESENT = 80_000;
const MOST_PAST = 20_000;

/**
 * Remembers former names of tables and columns, from the statements in the binlog, so that a filter
 * applies to the same data under its present name. It remembers only names that some filter
 * chooses, and only where that filter does not choose the present name.
 */
export class NameHistory {
  readonly #filters: NameFilters | null;
  readonly #present: Map<string, NamedTable>;
  readonly #past: Map<string, NamedTable>;
  readonly #isLimited: boolean;
  #saved: SavedNames | undefined;
  #isFull = false;

  constructor({ filtered, lowerCase, saved, isLimited = true }: NameHistoryOptions) {
    this.#filters = filtered === null ? null : new NameFilters(filtered, lowerCase);
    this.#isLimited = isLimited;
    // The configuration may have changed since, so that some names do not matter any more.
    const kept = (tables: readonly NamedTable[] = []): Map<string, NamedTable> =>
      new Map(
        tables
          .map(({ table, former }) => ({ table, former: this.#mattering(table, former) }))
          .filter(({ former }) => !isEmpty(former))
          .map((named) => [keyOf(named.table), named]),
      );
    this.#present = kept(saved?.present);
    this.#past = kept(saved?.past);
    this.#save();
  }

  /** The state for the offset; undefined while there is none. */
  get saved(): SavedNames | undefined {
    return this.#saved;
  }

  /** Whether the latest statement added a name beyond those that can be saved. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The former names of a table; undefined when there are none that matter. */
  of(database: string, table: string): FormerNames | undefined {
    return this.#present.get(keyOf([database, table]))?.former;
  }

  /**
   * Applies a statement's changes. `idOf` completes a name. `dropped`: a database that the
   * statement drops. `isFollowed`: whether the reader delivers a table, or may do so
   * under another name. The names of other tables do not matter.
   */
  apply(
    changes: readonly NameChange[],
    idOf: (name: TableName) => TableId,
    dropped?: string,
    isFollowed: (table: TableId) => boolean = () => true,
  ): void {
    if (this.#filters === null) return;
    const before = lengthOf(this.#present);
    for (const change of changes) {
      const tables = tablesOf(change).map(idOf);
      if (tables.some((table) => isFollowed(table) || this.#present.has(keyOf(table))))
        this.#apply(change, idOf);
    }
    if (dropped !== undefined)
      for (const { table } of this.#present.values()) if (table[0] === dropped) this.#forget(table);
    const length = lengthOf(this.#present);
    this.#isFull = this.#isLimited && length > before && length > MOST_PRESENT;
    this.#save();
  }

  #apply(change: NameChange, idOf: (name: TableName) => TableId): void {
    switch (change.kind) {
      case "table": {
        const [from, to] = [idOf(change.from), idOf(change.to)];
        const { tables, columns } = this.#of(from);
        this.#forget(from);
        this.#add(to, { tables: [from, ...tables], columns });
        return;
      }
      case "exchange": {
        const [one, other] = [idOf(change.table), idOf(change.with)];
        const [ofOne, ofOther] = [this.#of(one), this.#of(other)];
        this.#add(one, { ...ofOther, tables: [other, ...ofOther.tables] });
        this.#add(other, { ...ofOne, tables: [one, ...ofOne.tables] });
        return;
      }
      case "columns":
        return this.#renameColumns(idOf(change.table), change.columns);
      case "drop":
        return this.#forget(idOf(change.table));
      default:
        return change satisfies never;
    }
  }

  #renameColumns(table: TableId, renamed: readonly (readonly [string, string])[]): void {
    const { tables, columns } = this.#of(table);
    const known = new Map(columns);
    const next = new Map(columns);
    for (const [from] of renamed) next.delete(from.toLowerCase());
    for (const [from, to] of renamed)
      next.set(to.toLowerCase(), [from, ...(known.get(from.toLowerCase()) ?? [])]);
    this.#set(table, { tables, columns: [...next] });
  }

  #of(table: TableId): FormerNames {
    return this.#present.get(keyOf(table))?.former ?? NONE;
  }

  /** Adds former names to those that the table has. */
  #add(table: TableId, former: FormerNames): void {
    this.#set(table, union(this.#of(table), former));
  }

  #set(table: TableId, former: FormerNames): void {
    const key = keyOf(table);
    const known = this.#of(table);
    const mattering = this.#mattering(table, former);
    if (!contains(mattering, known)) this.#keepPast(table, known);
    if (isEmpty(mattering)) this.#present.delete(key);
    else this.#present.set(key, { table, former: mattering });
  }

  /** Moves the former names of a table that exists no longer to the past. */
  #forget(table: TableId): void {
    const key = keyOf(table);
    const named = this.#present.get(key);
    if (named === undefined) return;
    this.#present.delete(key);
    this.#keepPast(table, named.former);
  }

  #keepPast(table: TableId, former: FormerNames): void {
    const key = keyOf(table);
    const all = union(this.#past.get(key)?.former ?? NONE, former);
    this.#past.delete(key);
    this.#past.set(key, { table, former: all });
  }

  #mattering(table: TableId, { tables, columns }: FormerNames): FormerNames {
    const filters = this.#filters;
    if (filters === null) return NONE;
    const names = [table, ...tables];
    return {
      tables: tables.filter((former) => filters.mattersTable(former, table)),
      columns: columns
        .map(
          ([present, former]) =>
            [
              present,
              former.filter((name) => filters.mattersColumn(names, name, present)),
            ] as const,
        )
        .filter(([, former]) => former.length > 0),
    };
  }

  #save(): void {
    const isNew = this.#saved === undefined;
    if (isNew && this.#present.size === 0 && this.#past.size === 0) return;
    for (const oldest of this.#past.keys()) {
      if (lengthOf(this.#past) <= MOST_PAST) break;
      this.#past.delete(oldest);
    }
    this.#saved = { present: [...this.#present.values()], past: [...this.#past.values()] };
  }
}

/**
 * The names for reading an older part of the binlog again: tables have all former names that they
 * had at any time. This can only hide more.
 */
export function namesAtAnyTime(saved: SavedNames | undefined): SavedNames | undefined {
  return saved && { present: merged([...saved.present, ...saved.past]), past: [] };
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
  if (earlier === now) return now;
  const past = earlier?.past ?? [];
  const older = new Map(past.map(({ table, former }) => [keyOf(table), former]));
  const ended = (now?.past ?? []).filter(
    ({ table, former }) => !contains(older.get(keyOf(table)) ?? NONE, former),
  );
  return {
    present: merged([...(earlier?.present ?? []), ...(now?.present ?? []), ...ended]),
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

function tablesOf(change: NameChange): readonly TableName[] {
  switch (change.kind) {
    case "table":
      return [change.from, change.to];
    case "exchange":
      return [change.table, change.with];
    default:
      return [change.table];
  }
}

const NONE: FormerNames = { tables: [], columns: [] };

function isEmpty({ tables, columns }: FormerNames): boolean {
  return tables.length === 0 && columns.length === 0;
}

/** Whether adding `other` adds nothing. */
function contains(names: FormerNames, other: FormerNames): boolean {
  return sizeOf(union(names, other)) === sizeOf(names);
}

function sizeOf({ tables, columns }: FormerNames): number {
  return tables.length + columns.reduce((sum, [, former]) => sum + former.length, 0);
}

function lengthOf(tables: ReadonlyMap<string, NamedTable>): number {
  return Buffer.byteLength(JSON.stringify([...tables.values()]));
}

function keyOf([database, table]: TableId): string {
  return `${database}\0${table}`;
}

function union(one: FormerNames, other: FormerNames): FormerNames {
  const tables = new Map([...one.tables, ...other.tables].map((name) => [keyOf(name), name]));
  const columns = new Map(one.columns);
  for (const [present, former] of other.columns)
    columns.set(present, [...new Set([...(columns.get(present) ?? []), ...former])]);
  return { tables: [...tables.values()], columns: [...columns] };
}
