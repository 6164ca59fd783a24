import type { TableId } from "./name-filters.ts";
import { contains, keyOf, type NamedTable } from "./saved-names.ts";

/**
 * A log table may be renamed every hour, to log_2026_11_29_07, and the renamed tables may be kept
 * for years. So that their names do not fill the saved state, more than this many tables whose
 * names differ only in their numbers have one entry together. From then on it stands for every
 * table that is named so. This can only hide more.
 */
const MOST_SINGLE = 64;

/**
 * The name of the series to which a table belongs: its own with a 0 for each number; null when the
 * name has no number.
 */
export function seriesOf([database, table]: TableId): TableId | null {
  return /\d/.test(table) ? [database, table.replace(/\d+/g, "0")] : null;
}

/**
 * Moves the entries of tables from `present` to `series` where their series has the same former
 * names, or where they are many enough to become one.
 */
export function collapse(present: Map<string, NamedTable>, series: Map<string, NamedTable>): void {
  const alike = new Map<string, { readonly name: TableId; readonly tables: NamedTable[] }>();
  for (const named of present.values()) {
    const name = seriesOf(named.table);
    if (name === null) continue;
    const known = series.get(keyOf(name));
    if (known === undefined) {
      const key = `${keyOf(name)}\0${JSON.stringify(named.former)}`;
      const group = alike.get(key) ?? { name, tables: [] };
      group.tables.push(named);
      alike.set(key, group);
    } else if (contains(known.former, named.former)) present.delete(keyOf(named.table));
  }
  for (const { name, tables } of alike.values()) {
    const [first] = tables;
    if (first === undefined || tables.length <= MOST_SINGLE || series.has(keyOf(name))) continue;
    series.set(keyOf(name), { table: name, former: first.former });
    for (const { table } of tables) present.delete(keyOf(table));
  }
}
