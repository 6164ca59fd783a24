import { parseColumnPattern } from "../wire/column-patterns.ts";
import type { Subscriber } from "./routing.ts";

/**
 * The patterns of the subscribers' filters. The reader remembers a former name of a table or column
 * that one of them chooses.
 */
export interface FilteredNames {
  /** `database.table`: tables whose columns or rows are filtered. */
  readonly tables: readonly string[];
  /** `database.table.column`: columns that are left out or masked. */
  readonly columns: readonly string[];
}

/** The patterns of all filters; null when no filter depends on a name. */
export function filteredNames(
  subscribers: Readonly<Record<string, Pick<Subscriber, "columns" | "where">>>,
): FilteredNames | null {
  const tables = new Set<string>();
  const hidden = new Set<string>();
  for (const { columns, where } of Object.values(subscribers)) {
    if (typeof where === "object") for (const pattern of Object.keys(where)) tables.add(pattern);
    if (columns === undefined) continue;
    const hides = [...columns.exclude, ...Object.keys(columns.mask)];
    for (const text of hides) hidden.add(text);
    for (const text of [...hides, ...(columns.include ?? [])]) {
      const pattern = parseColumnPattern(text);
      if (pattern !== null) tables.add(`${pattern.database}.${pattern.table}`);
    }
  }
  return tables.size === 0 ? null : { tables: [...tables], columns: [...hidden] };
}
