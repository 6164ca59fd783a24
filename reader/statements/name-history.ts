import type { FilteredNames } from "../../config/filtered-names.ts";
import type { FormerNames } from "../../wire/frame.ts";
import type { NameChange } from "./altered-tables.ts";
import { knownFilters } from "./known-filters.ts";
import { NameFilters, type TableId } from "./name-filters.ts";
import {
  contains,
  isEmpty,
  keyOf,
  lengthOf,
  type NamedTable,
  NONE,
  type SavedNames,
  union,
} from "./saved-names.ts";
import type { TableName } from "./statement-cursor.ts";

export interface NameHistoryOptions {
  /** The configured filters; null: none of them depends on a name. */
  readonly filtered: FilteredNames | null;
  /** See `FollowedTablesOptions`. */
  readonly lowerCase: boolean;
  readonly saved?: SavedNames | undefined;
  /** Whether the state has to be short enough for the offset; true by default. */
  readonly isLimited?: boolean;
}

/**
 * The maximum lengths of the saved state, as JSON. `present` may be longer by `allowance`, which is
 * at most MOST_PAST. A DynamoDB item is limited to 400 KB, of which kept XA transactions may take
 * half.
 */
const MOST_PRESENT = 80_000;
const MOST_PAST = 20_000;

/**
 * Remembers former names of tables and columns, from the statements in the binlog, so that a filter
 * applies to the same data under its present name. It remembers only names that some filter
 * chooses, and only where that filter does not choose the present name. The filters of earlier
 * configurations count, too, because they may be configured again.
 */
export class NameHistory {
  /** The patterns of all filters that ever counted, the configured ones first. */
  readonly #filtered: FilteredNames | null;
  readonly #filters: NameFilters | null;
  readonly #configured: NameFilters | null;
  readonly #present: Map<string, NamedTable>;
  readonly #past: Map<string, NamedTable>;
  readonly #allowance: number;
  readonly #isLimited: boolean;
  #saved: SavedNames | undefined;
  #isFull = false;

  constructor({ filtered, lowerCase, saved, isLimited = true }: NameHistoryOptions) {
    const filtersOf = (names: FilteredNames | null): NameFilters | null =>
      names === null ? null : new NameFilters(names, lowerCase);
    this.#filtered = knownFilters(filtered, saved?.filtered);
    this.#filters = filtersOf(this.#filtered);
    this.#configured = filtersOf(filtered);
    this.#isLimited = isLimited;
    const kept = (tables: readonly NamedTable[] = []): Map<string, NamedTable> =>
      new Map(
        tables
          .map(({ table, former }) => ({ table, former: mattering(this.#filters, table, former) }))
          .filter(({ former }) => !isEmpty(former))
          .map((named) => [keyOf(named.table), named]),
      );
    this.#present = kept(saved?.present);
    this.#past = kept(saved?.past);
    this.#allowance = Math.min(saved?.allowance ?? 0, MOST_PAST);
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
    const before = lengthOf(this.#present.values());
    for (const change of changes) {
      const tables = tablesOf(change).map(idOf);
      if (tables.some((table) => isFollowed(table) || this.#present.has(keyOf(table))))
        this.#apply(change, idOf);
    }
    if (dropped !== undefined)
      for (const { table } of this.#present.values()) if (table[0] === dropped) this.#forget(table);
    const after = this.#isLimited ? this.#makeRoom() : 0;
    this.#isFull = after > before && after > MOST_PRESENT + this.#allowance;
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
    const kept = mattering(this.#filters, table, former);
    if (!contains(kept, known)) this.#keepPast(table, known);
    if (isEmpty(kept)) this.#present.delete(key);
    else this.#present.set(key, { table, former: kept });
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

  /**
   * Forgets the oldest names that only filters of earlier configurations choose, as many as do not
   * fit. Returns the length of the others.
   */
  #makeRoom(): number {
    const length = lengthOf(this.#present.values());
    let excess = length - MOST_PRESENT - this.#allowance;
    if (excess <= 0) return length;
    for (const [key, { table, former }] of this.#present) {
      if (excess <= 0) break;
      const kept = mattering(this.#configured, table, former);
      if (contains(kept, former)) continue;
      // An entry that is removed takes a comma with it: one byte, where the brackets have two.
      const left = isEmpty(kept) ? 1 : lengthOf([{ table, former: kept }]);
      excess -= lengthOf([{ table, former }]) - left;
      if (isEmpty(kept)) this.#present.delete(key);
      else this.#present.set(key, { table, former: kept });
    }
    return lengthOf(this.#present.values());
  }

  #save(): void {
    if (this.#filtered === null) return;
    for (const oldest of this.#past.keys()) {
      if (lengthOf(this.#past.values()) <= MOST_PAST) break;
      this.#past.delete(oldest);
    }
    this.#saved = {
      present: [...this.#present.values()],
      past: [...this.#past.values()],
      ...(this.#allowance > 0 && { allowance: this.#allowance }),
      filtered: this.#filtered,
    };
  }
}

/** The former names on which one of the filters depends. */
function mattering(
  filters: NameFilters | null,
  table: TableId,
  { tables, columns }: FormerNames,
): FormerNames {
  if (filters === null) return NONE;
  const names = [table, ...tables];
  return {
    tables: tables.filter((former) => filters.mattersTable(former, table)),
    columns: columns
      .map(
        ([present, former]) =>
          [present, former.filter((name) => filters.mattersColumn(names, name, present))] as const,
      )
      .filter(([, former]) => former.length > 0),
  };
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
