import { MASKS, type Mask } from "../../config/filters.ts";
import type { Subscriber } from "../../config/routing.ts";
import {
  type ColumnPattern,
  columnNameMatcher,
  parseColumnPattern,
} from "../../wire/column-patterns.ts";
import { isGlob } from "../../wire/glob.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { originalMatcher } from "./copy-names.ts";

/** How a filter treats the values of a column. */
type Treatment = "keep" | "leave-out" | Mask;

export type TreatmentOf = (column: string, isKey: boolean) => Treatment;

type Columns = NonNullable<Subscriber["columns"]>;

/**
 * The rules for the columns of one table; null when all columns are kept. The rules of a table also
 * apply to copies that a tool for schema changes makes, because they contain the same rows. A key
 * must keep distinguishing rows, so a column of the key that the configuration leaves out or masks
 * is hashed. `doctor` reports such a configuration, but a table may get another key later.
 */
export function columnRules(
  columns: Columns,
  database: string,
  table: string,
  lowerCaseNames: boolean,
): TreatmentOf | null {
  const matchersOf = (texts: readonly string[]): ((column: string) => boolean)[] =>
    patternsFor(texts, database, table, lowerCaseNames).map(columnNameMatcher);
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

/**
 * The columns of one table that a configuration hides by full names, without wildcards. If the
 * table lacks one of them, the column to hide may have been renamed.
 */
export function columnsHiddenByName(
  columns: Columns,
  database: string,
  table: string,
  lowerCaseNames: boolean,
): readonly string[] {
  const hidden = [...columns.exclude, ...Object.keys(columns.mask)].filter((text) => !isGlob(text));
  return patternsFor(hidden, database, table, lowerCaseNames).map(({ column }) => column);
}

/** The patterns that match one table, or a table of which it may be a copy. */
function patternsFor(
  texts: readonly string[],
  database: string,
  table: string,
  lowerCaseNames: boolean,
): ColumnPattern[] {
  return texts.flatMap((text) => {
    const pattern = parseColumnPattern(text);
    if (pattern === null) return [];
    const tables = `${pattern.database}.${pattern.table}`;
    const matches = originalMatcher(lowerCaseNames ? lowerCaseName(tables) : tables);
    return matches(database, table) ? [pattern] : [];
  });
}
