import { globMatcher } from "./glob.ts";

/**
 * A pattern for columns, `database.table.column`: what stands before the first dot, behind the last
 * one, and between.
 */
export interface ColumnPattern {
  readonly database: string;
  readonly table: string;
  readonly column: string;
}

/** The pattern that a text is; null when it is none. */
export function parseColumnPattern(text: string): ColumnPattern | null {
  const [, database, table, column] = /^([^.!]+)\.(.+)\.([^.]+)$/su.exec(text) ?? [];
  return database === undefined || table === undefined || column === undefined
    ? null
    : { database, table, column };
}

/**
 * Whether a column has a name that the pattern means; MySQL does not tell upper case from lower
 * case in them.
 */
export function columnNameMatcher(pattern: ColumnPattern): (column: string) => boolean {
  const matches = globMatcher(pattern.column.toLowerCase());
  return (column) => matches(column.toLowerCase());
}
