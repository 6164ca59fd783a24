import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import type { HiddenMergeTable, MergeTable, MergeTables } from "./ask-merge-tables.ts";
import { followedMatcher } from "./followed-matcher.ts";

/**
 * Reports MERGE tables above followed tables, because the binlog records a row that is written
 * through a MERGE table under the name of that table only; and MERGE tables for which this is not
 * known. `tables` are the configuration's patterns.
 */
export function mergeFindings(
  { shown, hidden }: MergeTables,
  tables: readonly string[],
  lowerCaseNames: boolean,
): Finding[] {
  return [...aboveFindings(shown, tables, lowerCaseNames), ...hiddenFindings(hidden)];
}

function aboveFindings(
  merges: readonly MergeTable[],
  tables: readonly string[],
  lowerCaseNames: boolean,
): Finding[] {
  const isFollowed = followedMatcher(tables, lowerCaseNames);
  const above = merges
    .map(({ database, table, beneath }) => ({
      name: `${database}.${table}`,
      beneath: beneath
        .filter((one) => isFollowed(one.database, one.table))
        .map((one) => `${one.database}.${one.table}`),
    }))
    .filter(({ beneath }) => beneath.length > 0);
  if (above.length === 0) return [];
  return [
    fixedByHand(
      "Write these tables under their own names only, not through the MERGE table; or follow the MERGE table in place of them, and write only to it.",
      {
        check: "tables.merge",
        about: above.map(({ name }) => name).join(","),
        severity: "warning",
        what: `MERGE tables write to followed tables: ${above.map(({ name, beneath }) => `${name} to ${beneath.join(", ")}`).join("; ")}`,
        why: "the binlog records rows written through a MERGE table under its name, so subscribers of the table that keeps the row get no change",
      },
    ),
  ];
}

function hiddenFindings(hidden: readonly HiddenMergeTable[]): Finding[] {
  if (hidden.length === 0) return [];
  const names = hidden.map(({ database, table }) => `${database}.${table}`);
  return [
    fixedByHand(
      "Run the doctor with an account (--mysql) that may run SHOW CREATE TABLE for them. Or look at their definitions yourself, and accept this finding if UNION lists no followed table.",
      {
        check: "tables.merge-hidden",
        about: names.join(","),
        severity: "warning",
        what: `the doctor could not look at the MERGE tables ${hidden.map(({ why }, n) => `${names[n]} (${why})`).join(", ")}`,
        why: "rows of a followed table may be written through them, and subscribers of that table get no change then",
      },
    ),
  ];
}
