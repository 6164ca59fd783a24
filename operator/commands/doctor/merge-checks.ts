import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import type { MergeTable } from "./ask-merge-tables.ts";
import { followedMatcher } from "./followed-matcher.ts";

/**
 * Reports MERGE tables above followed tables: the binlog has a row that is written through a MERGE
 * table under the name of that table only. `tables` are the configuration's patterns.
 */
export function mergeFindings(
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
      "Write these tables under their own names only, not through the MERGE table; or follow the MERGE table in place of them, and write it only.",
      {
        check: "tables.merge",
        about: above.map(({ name }) => name).join(","),
        severity: "warning",
        what: `MERGE tables write to followed tables: ${above.map(({ name, beneath }) => `${name} to ${beneath.join(", ")}`).join("; ")}`,
        why: "the binlog has what is written through a MERGE table under the name of that table, so subscribers of the table that keeps the row get no change",
      },
    ),
  ];
}
