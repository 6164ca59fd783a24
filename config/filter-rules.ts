import { parseColumnPattern } from "../wire/column-patterns.ts";
import { type ConfigProblem, pathText } from "./config-error.ts";
import type { Draft } from "./draft.ts";
import { choosesSomeOf } from "./table-overlap.ts";

/**
 * Reports filters for tables that their subscriber does not get. Such a filter may be a typing
 * error that would leave a column unmasked.
 */
export function filterProblems({ subscribers }: Draft): ConfigProblem[] {
  return Object.entries(subscribers).flatMap(([name, subscriber]) => {
    const { tables, columnPatterns, wherePatterns } = subscriber;
    const ofColumns = columnPatterns.map(({ path, pattern }) => {
      const { database, table } = parseColumnPattern(pattern) ?? { database: "", table: "" };
      return { path, tables: database === "" ? "" : `${database}.${table}` };
    });
    const ofRows = wherePatterns.map(({ path, pattern }) => ({ path, tables: pattern }));
    return [...ofColumns, ...ofRows]
      .filter(({ tables: chosen }) => chosen !== "" && !choosesSomeOf(chosen, tables))
      .map(({ path }) => ({
        path: pathText(["subscribers", name, ...path]),
        message: "matches no table that the subscriber gets",
      }));
  });
}
