import { globMatcher } from "./glob.ts";

/**
 * Says which tables a list of patterns chooses: `shop.orders`, `shop.*`, `*.audit`; with `!` in
 * front, tables left out. A table is chosen when some pattern includes it and none leaves it out;
 * the order of the patterns does not matter. A list with exclusions only chooses nothing. A
 * pattern's database is what stands before its first dot. WHOLE_DATABASE in place of a table asks
 * whether some table of the database may be chosen.
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

/**
 * What stands in place of a table in a change of a whole database (DROP DATABASE). No table has
 * this name.
 */
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
