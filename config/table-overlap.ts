import { globMatcher } from "../wire/glob.ts";
import { globsOverlap } from "./glob-overlap.ts";

/**
 * Whether a table exists that matches `pattern` and one of `patterns`. True for malformed patterns,
 * which the schema reports.
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

/**
 * Whether `exclusion` is an exclusion that certainly leaves out every table that `pattern` chooses.
 */
export function excludesAll(exclusion: string, pattern: string): boolean {
  if (!exclusion.startsWith("!") || !exclusion.includes(".") || !pattern.includes("."))
    return false;
  const excluded = halves(exclusion.slice(1));
  return halves(pattern).every((half, place) => isWithin(half, excluded[place] ?? ""));
}

/**
 * Whether `outer` matches every name that `glob` matches. `outer` is tested against the text of
 * `glob`: its `*` covers the wildcards of `glob`, but its `?` cannot cover a `*`, so then the
 * answer is false.
 */
function isWithin(glob: string, outer: string): boolean {
  if (glob === outer) return true;
  return !(outer.includes("?") && glob.includes("*")) && globMatcher(outer)(glob);
}

function halves(pattern: string): [database: string, table: string] {
  const dot = pattern.indexOf(".");
  return [pattern.slice(0, dot), pattern.slice(dot + 1)];
}
