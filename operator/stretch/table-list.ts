import { lowerCaseName } from "../../wire/lower-case.ts";
import { isTablePattern, tableMatcher } from "../../wire/table-patterns.ts";
import type { RowChange } from "../../reader/transactions/transaction.ts";
import { CommandError } from "../shared/command-error.ts";

/** Parses the value of an option that lists table patterns. Throws CommandError. */
export function parseTableList(option: string, list: string): readonly string[] {
  const patterns = list.split(",").map((each) => each.trim());
  const wrong = patterns.find((pattern) => !isTablePattern(pattern));
  if (wrong !== undefined)
    throw new CommandError(
      `${option}: ${JSON.stringify(wrong)} is not a table pattern: write "database.table"; "*" stands for any characters, "!" excludes`,
    );
  return patterns;
}

/**
 * Selects the changes of the listed tables; all when the list is null. With `lowerCaseNames`, the
 * server's table names are in lower case, and the patterns are compared in lower case, as those of
 * the configuration.
 */
export function changesOf(
  patterns: readonly string[] | null,
  lowerCaseNames: boolean,
): (change: Pick<RowChange, "database" | "table">) => boolean {
  if (patterns === null) return () => true;
  const matches = tableMatcher(lowerCaseNames ? patterns.map(lowerCaseName) : patterns);
  return ({ database, table }) => matches(database, table);
}
