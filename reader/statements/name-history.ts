import type { FilteredNames } from "../../config/filtered-names.ts";
import type { FormerNames } from "../../wire/frame.ts";
import type { NameChange } from "./altered-tables.ts";
import { knownFilters } from "./known-filters.ts";
import { NameFilters, type TableId } from "./name-filters.ts";
import { collapse, seriesOf } from "./name-series.ts";
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
 * The maximum lengths of the saved state, as JSON. A DynamoDB item is limited to 400 KB, of which
 * kept XA transactions may take half.
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
  readonly #series: Map<string, NamedTable>;
  readonly #again: Map<string, NamedTable>;
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
    this.#series = kept(saved?.series);
    this.#again = kept(saved?.again);
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
    const former = this.#of([database, table]);
    return isEmpty(former) ? undefined : former;
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
    const before = this.#length;
    for (const change of changes) {
      const tables = tablesOf(change).map(idOf);
      if (tables.some((table) => isFollowed(table) || !isEmpty(this.#of(table))))
        this.#apply(change, idOf);
    }
    if (dropped !== undefined)
      for (const { table } of [...this.#present.values(), ...this.#again.values()])
        if (table[0] === dropped) this.#forget(table);
    collapse(this.#present, this.#series);
    if (this.#isLimited) this.#makeRoom();
    const length = this.#length;
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
    const key = keyOf(table);
    const own = [this.#present.get(key), this.#again.get(key)];
    const series = this.#series.size === 0 ? null : seriesOf(table);
    if (series !== null) own.push(this.#series.get(keyOf(series)));
    return own.reduce((all, named) => (named === undefined ? all : union(all, named.former)), NONE);
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
    this.#again.delete(key);
    if (isEmpty(kept)) this.#present.delete(key);
    else this.#present.set(key, { table, former: kept });
  }

  /** Moves the former names of a table that exists no longer to the past. */
  #forget(table: TableId): void {
    const key = keyOf(table);
    for (const tables of [this.#present, this.#again]) {
      const named = tables.get(key);
      if (named === undefined) continue;
      tables.delete(key);
      this.#keepPast(table, named.former);
    }
  }

  #keepPast(table: TableId, former: FormerNames): void {
    const key = keyOf(table);
    const all = union(this.#past.get(key)?.former ?? NONE, former);
    this.#past.delete(key);
    this.#past.set(key, { table, former: all });
  }

  /** The length of the entries that are limited together. */
  get #length(): number {
    return lengthOf(this.#present.values()) + lengthOf(this.#series.values());
  }

  /** Forgets the oldest names that only filters of earlier configurations choose. */
  #makeRoom(): void {
    let excess = this.#length - MOST_PRESENT;
    for (const tables of [this.#present, this.#series])
      for (const [key, { table, former }] of tables) {
        if (excess <= 0) return;
        const kept = mattering(this.#configured, table, former);
        if (contains(kept, former)) continue;
        excess -=
          lengthOf([{ table, former }]) - (isEmpty(kept) ? 0 : lengthOf([{ table, former: kept }]));
        if (isEmpty(kept)) tables.delete(key);
        else tables.set(key, { table, former: kept });
      }
  }

  #save(): void {
    if (this.#filtered === null) return;
    for (const tables of [this.#past, this.#again])
      for (const oldest of tables.keys()) {
        if (lengthOf(tables.values()) <= MOST_PAST) break;
        tables.delete(oldest);
      }
    this.#saved = {
      present: [...this.#present.values()],
      past: [...this.#past.values()],
      ...(this.#series.size > 0 && { series: [...this.#series.values()] }),
      ...(this.#again.size > 0 && { again: [...this.#again.values()] }),
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
