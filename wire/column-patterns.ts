import { globMatcher } from "./glob.ts";

/**
 * A pattern for columns, `database.table.column`. The database ends at the first dot, the column
 * begins after the last one; the table lies between them.
 */
export interface ColumnPattern {
  readonly database: string;
  readonly table: string;
  readonly column: string;
}

/** The parsed pattern; null when the text is not a column pattern. */
export function parseColumnPattern(text: string): ColumnPattern | null {
  const [, database, table, column] = /^([^.!]+)\.(.+)\.([^.]+)$/su.exec(text) ?? [];
  return database === undefined || table === undefined || column === undefined
    ? null
    : { database, table, column };
}

/** Matches column names against a pattern, ignoring case as MySQL does in column names. */
export function columnNameMatcher(pattern: ColumnPattern): (column: string) => boolean {
  const matches = globMatcher(pattern.column.toLowerCase());
  return (column) => matches(column.toLowerCase());
}
