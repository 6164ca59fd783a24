import { globMatcher } from "../wire/glob.ts";
import { globsOverlap } from "./glob-overlap.ts";

/**
 * Whether some table matches a pattern and one of a list; true where the patterns are not
 * understood, which the schema reports.
 */
export function choosesSomeOf(pattern: string, patterns: readonly string[]): boolean {
  const followed = patterns.filter((each) => each.includes(".") && !each.startsWith("!"));
  if (followed.length === 0 || !pattern.includes(".")) return true;
  return followed.some((each) => {
    const [database, table] = halves(each);
    const [wantedDatabase, wantedTable] = halves(pattern);
    return globsOverlap(database, wantedDatabase) && globsOverlap(table, wantedTable);
  });
}

/** Whether a pattern is an exclusion that certainly leaves out each table that another chooses. */
export function excludesAll(exclusion: string, pattern: string): boolean {
  if (!exclusion.startsWith("!") || !exclusion.includes(".") || !pattern.includes("."))
    return false;
  const excluded = halves(exclusion.slice(1));
  return halves(pattern).every((half, place) => isWithin(half, excluded[place] ?? ""));
}

/**
 * Whether every name that `glob` matches is matched by `outer` too. A `*` of `outer` takes any
 * characters, so also the wildcards of `glob`; its `?` takes one character and says nothing about a
 * `*`.
 */
function isWithin(glob: string, outer: string): boolean {
  if (glob === outer) return true;
  return !(outer.includes("?") && glob.includes("*")) && globMatcher(outer)(glob);
}

function halves(pattern: string): [database: string, table: string] {
  const dot = pattern.indexOf(".");
  return [pattern.slice(0, dot), pattern.slice(dot + 1)];
}
