import { MASKS, type Mask } from "../../config/filters.ts";
import type { Subscriber } from "../../config/routing.ts";
import { columnNameMatcher, parseColumnPattern } from "../../wire/column-patterns.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { tableMatcher } from "../../wire/table-patterns.ts";

/** What becomes of a column's values. */
type Treatment = "keep" | "leave-out" | Mask;

export type TreatmentOf = (column: string, isKey: boolean) => Treatment;

/**
 * The rules for the columns of one table; null: all are kept. A key must stay what tells rows
 * apart, so a column of it that the configuration leaves out or masks beyond recognition is hashed:
 * `doctor` refuses such a configuration, but a table may get another key later.
 */
export function columnRules(
  columns: NonNullable<Subscriber["columns"]>,
  database: string,
  table: string,
  lowerCaseNames: boolean,
): TreatmentOf | null {
  const matchersOf = (patterns: readonly string[]): ((column: string) => boolean)[] =>
    patterns.flatMap((text) => columnMatcher(text, database, table, lowerCaseNames) ?? []);
  const included = matchersOf(columns.include ?? []);
  const excluded = matchersOf(columns.exclude);
  const masked = MASKS.map((mask) => ({
    mask,
    matchers: matchersOf(
      Object.keys(columns.mask).filter((pattern) => columns.mask[pattern] === mask),
    ),
  })).filter(({ matchers }) => matchers.length > 0);
  if (included.length + excluded.length + masked.length === 0) return null;

  const decide = (column: string): Treatment => {
    const isMatched = (matches: (name: string) => boolean): boolean => matches(column);
    if (excluded.some(isMatched)) return "leave-out";
    if (included.length > 0 && !included.some(isMatched)) return "leave-out";
    return masked.find(({ matchers }) => matchers.some(isMatched))?.mask ?? "keep";
  };
  const known = new Map<string, Treatment>();
  return (column, isKey) => {
    const treatment = known.get(column) ?? decide(column);
    known.set(column, treatment);
    return isKey && treatment !== "keep" ? "hash" : treatment;
  };
}

/** Null: the pattern is about other tables. */
function columnMatcher(
  text: string,
  database: string,
  table: string,
  lowerCaseNames: boolean,
): ((column: string) => boolean) | null {
  const pattern = parseColumnPattern(text);
  if (pattern === null) return null;
  const tables = `${pattern.database}.${pattern.table}`;
  const matches = tableMatcher([lowerCaseNames ? lowerCaseName(tables) : tables]);
  return matches(database, table) ? columnNameMatcher(pattern) : null;
}
