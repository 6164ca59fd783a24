import { MASKS, type Mask } from "../../config/filters.ts";
import type { Subscriber } from "../../config/routing.ts";
import {
  type ColumnPattern,
  columnNameMatcher,
  parseColumnPattern,
} from "../../wire/column-patterns.ts";
import { isGlob } from "../../wire/glob.ts";
import type { FormerNames } from "../../wire/frame.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { originalMatcher } from "../../config/copy-names.ts";

/** How a filter treats the values of a column. */
type Treatment = "keep" | "leave-out" | Mask;

export type TreatmentOf = (column: string, isKey: boolean) => Treatment;

type Columns = NonNullable<Subscriber["columns"]>;

/**
 * The rules for the columns of one table; null when all columns are kept. The rules of a table also
 * apply to copies that a tool for schema changes makes, because they contain the same rows. A rule
 * for a former name of the table, or of a column, applies under the present name. A key must keep
 * distinguishing rows, so a column of the key that the configuration leaves out or masks is hashed.
 * `doctor` reports such a configuration, but a table may get another key later.
 */
export function columnRules(
  columns: Columns,
  database: string,
  table: string,
  lowerCaseNames: boolean,
  former?: FormerNames,
): TreatmentOf | null {
  const matchersOf = (texts: readonly string[]): ((column: string) => boolean)[] =>
    patternsFor(texts, namesOf(database, table, former), lowerCaseNames).map(columnNameMatcher);
  const formerColumns = new Map(former?.columns);
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
    const names = [column, ...(formerColumns.get(column.toLowerCase()) ?? [])];
    const isMatched = (matches: (name: string) => boolean): boolean => names.some(matches);
    if (excluded.some(isMatched)) return "leave-out";
    // A former name is no reason to deliver a column.
    if (included.length > 0 && !included.some((matches) => matches(column))) return "leave-out";
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
  former?: FormerNames,
): readonly string[] {
  const hidden = [...columns.exclude, ...Object.keys(columns.mask)].filter((text) => !isGlob(text));
  const names = namesOf(database, table, former);
  return patternsFor(hidden, names, lowerCaseNames).map(({ column }) => column);
}

type TableNames = FormerNames["tables"];

/** The present name of a table and its former ones. */
export function namesOf(database: string, table: string, former?: FormerNames): TableNames {
  return [[database, table], ...(former?.tables ?? [])];
}

/** The patterns that match one of a table's names, or a table of which it may be a copy. */
function patternsFor(
  texts: readonly string[],
  names: TableNames,
  lowerCaseNames: boolean,
): ColumnPattern[] {
  return texts.flatMap((text) => {
    const pattern = parseColumnPattern(text);
    if (pattern === null) return [];
    const tables = `${pattern.database}.${pattern.table}`;
    const matches = originalMatcher(lowerCaseNames ? lowerCaseName(tables) : tables);
    return names.some((name) => matches(...name)) ? [pattern] : [];
  });
}
