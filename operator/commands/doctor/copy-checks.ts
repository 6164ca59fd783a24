import type { Subscriber } from "../../../config/routing.ts";
import { columnsHiddenByName } from "../../../functions/filters/column-rules.ts";
import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import { parseColumnPattern } from "../../../wire/column-patterns.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import type { TableColumns } from "./ask-columns.ts";

type Columns = NonNullable<Subscriber["columns"]>;

/**
 * Reports tables that are named like a tool's copy of another one and lack a column that is hidden
 * there by its full name. `filters.column` is about the tables that the patterns name themselves.
 */
export function copiesWithoutColumns(
  place: string,
  columns: Columns,
  tables: readonly TableColumns[],
  lowerCaseNames: boolean,
): Finding[] {
  return tables.flatMap(({ database, table, columns: all }) => {
    const names = new Set(all.map(({ name }) => name.toLowerCase()));
    const isMissing = (column: string): boolean => !names.has(column.toLowerCase());
    const missing = columnsHiddenByName(columns, database, table, lowerCaseNames).filter(isMissing);
    if (missing.length === 0 || isNamedIn(columns, database, table, lowerCaseNames)) return [];
    return [
      fixedByHand(`Leave it out with "!${database}.${table}", or rename it.`, {
        check: "filters.copy-column",
        about: `${place}.columns.${database}.${table}`,
        severity: "warning",
        what: `${database}.${table} has the name of a tool's copy of another table, and lacks ${missing.join(", ")}, which ${place}.columns hides in that table`,
        why: "its changes are parked (HiddenColumnMissingError), and the queue waits",
      }),
    ];
  });
}

/** Whether a pattern for hidden columns names the table itself, without a wildcard. */
function isNamedIn(
  { exclude, mask }: Columns,
  database: string,
  table: string,
  lowerCaseNames: boolean,
): boolean {
  return [...exclude, ...Object.keys(mask)].some((text) => {
    const pattern = parseColumnPattern(lowerCaseNames ? lowerCaseName(text) : text);
    return pattern?.database === database && pattern.table === table;
  });
}
