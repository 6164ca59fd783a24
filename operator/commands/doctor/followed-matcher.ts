import { lowerCaseName } from "../../../wire/lower-case.ts";
import { tableMatcher } from "../../../wire/table-patterns.ts";

/**
 * Whether patterns choose a table. `lowerCaseNames`: whether the server compares names in lower
 * case.
 */
export function followedMatcher(
  patterns: readonly string[],
  lowerCaseNames: boolean,
): (database: string, table: string) => boolean {
  if (!lowerCaseNames) return tableMatcher(patterns);
  const matches = tableMatcher(patterns.map(lowerCaseName));
  return (database, table) => matches(lowerCaseName(database), lowerCaseName(table));
}
