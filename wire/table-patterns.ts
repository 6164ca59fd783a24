import { globMatcher } from "./glob.ts";

/**
 * Says which tables a list of patterns chooses: `shop.orders`, `shop.*`, `*.audit`; with `!` in front, tables left out.
 * A table is chosen when some pattern includes it and none leaves it out; the order of the patterns does not matter.
 * A list with exclusions only chooses nothing. A pattern's database is what stands before its first dot.
 */
export function tableMatcher(
  patterns: readonly string[],
): (database: string, table: string) => boolean {
  const included = patterns.filter((pattern) => !pattern.startsWith("!")).map(tablePattern);
  const excluded = patterns
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => tablePattern(pattern.slice(1)));
  return (database, table) =>
    included.some((matches) => matches(database, table)) &&
    !excluded.some((matches) => matches(database, table));
}

/** Whether a text has the form of a table pattern: `[!]database.table`. */
export function isTablePattern(pattern: string): boolean {
  return /^!?[^.]+\..+$/su.test(pattern);
}

function tablePattern(pattern: string): (database: string, table: string) => boolean {
  const dot = pattern.indexOf(".");
  const database = globMatcher(pattern.slice(0, dot));
  const table = globMatcher(pattern.slice(dot + 1));
  return (databaseName, tableName) => database(databaseName) && table(tableName);
}
