import { globMatcher } from "./glob.ts";

/**
 * Tests whether a list of patterns chooses a table. A pattern is `shop.orders`, `shop.*` or
 * `*.audit`; with `!` in front it excludes tables. A table is chosen when a pattern includes it and
 * no pattern excludes it; the order of the patterns does not matter. A list with only exclusions
 * chooses nothing. A pattern's database ends at its first dot. WHOLE_DATABASE in place of a table
 * asks whether any table of the database may be chosen.
 */
export function tableMatcher(
  patterns: readonly string[],
): (database: string, table: string) => boolean {
  const included = patterns.filter((pattern) => !pattern.startsWith("!")).map(tablePattern);
  const excluded = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => tablePattern(pattern.slice(1)));
  return (database, table) => {
    if (table === WHOLE_DATABASE) {
      return (
        included.some((pattern) => pattern.database(database)) &&
        !excluded.some((pattern) => pattern.isWholeDatabase && pattern.database(database))
      );
    }
    const matches = (pattern: TablePattern): boolean =>
      pattern.database(database) && pattern.table(table);
    return included.some(matches) && !excluded.some(matches);
  };
}

/** The table's name in a change of a whole database (DROP DATABASE). No table has this name. */
export const WHOLE_DATABASE = "";

/** Whether a text has the form of a table pattern: `[!]database.table`. */
export function isTablePattern(pattern: string): boolean {
  return /^!?[^.]+\..+$/su.test(pattern);
}

interface TablePattern {
  readonly database: (name: string) => boolean;
  readonly table: (name: string) => boolean;
  readonly isWholeDatabase: boolean;
}

function tablePattern(pattern: string): TablePattern {
  const dot = pattern.indexOf(".");
  const table = pattern.slice(dot + 1);
  return {
    database: globMatcher(pattern.slice(0, dot)),
    table: globMatcher(table),
    isWholeDatabase: /^\*+$/.test(table),
  };
}
