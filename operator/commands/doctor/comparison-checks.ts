import type { ColumnUse, Literal } from "../../../config/condition/condition.ts";
import { momentOf } from "../../../functions/filters/compare-values.ts";
import type { TableColumn } from "./ask-columns.ts";

/** What a condition can compare a column with. */
type Family = "numbers" | "strings" | "dates" | "times" | "bytes" | "nothing";

const FAMILIES: Readonly<Record<string, Family>> = {
  ...families("numbers", "tinyint smallint mediumint int bigint decimal double year bit"),
  ...families("strings", "char varchar tinytext text mediumtext longtext enum set"),
  ...families("dates", "date datetime timestamp"),
  ...families("times", "time"),
  ...families("bytes", "binary varbinary tinyblob blob mediumblob longblob"),
};

function families(family: Family, types: string): Readonly<Record<string, Family>> {
  return Object.fromEntries(types.split(" ").map((type) => [type, family]));
}

const WANTED: Readonly<Record<Family, string>> = {
  numbers: "numbers",
  strings: "strings",
  dates: "strings like '2026-11-20' or '2026-11-20 19:05:00'",
  times: "strings like '19:05:00'",
  bytes: "bytes like x'41FF'",
  nothing: "nothing; only IS NULL is possible",
};

/** Why a comparison has another meaning here than in MySQL, in words; null when it has the same. */
export function differentMeaning(
  { literals, isLike }: ColumnUse,
  { name, type }: TableColumn,
): string | null {
  const family = FAMILIES[type] ?? (type === "float" ? "numbers" : "nothing");
  if (isLike) {
    return family === "strings" ? null : `${name} is of the type ${type}, which LIKE is not for`;
  }
  const values = literals.filter(({ kind }) => kind !== "null");
  if (values.length === 0) return null;
  if (type === "float") return `${name} is a FLOAT, whose digits are not its exact value`;
  return values.every((literal) => isOf(family, literal))
    ? null
    : `${name} is of the type ${type}, which compares with ${WANTED[family]}`;
}

function isOf(family: Family, literal: Literal): boolean {
  switch (family) {
    case "numbers":
      return literal.kind === "number";
    case "strings":
      return literal.kind === "text";
    case "dates":
      return literal.kind === "text" && momentOf(literal.text)?.kind === "date";
    case "times":
      return literal.kind === "text" && momentOf(literal.text)?.kind === "time";
    case "bytes":
      return literal.kind === "bytes";
    case "nothing":
      return false;
    default:
      return family satisfies never;
  }
}

/**
 * Whether MySQL compares texts of a column in a way that upper case, accents or spaces do not
 * matter.
 */
export function foldsText({ literals, isLike, column }: ColumnUse, of: TableColumn): boolean {
  const isText = isLike || literals.some(({ kind }) => kind === "text");
  const isExact = of.collation === null || of.collation.endsWith("_bin");
  return isText && !isExact && column.letters === "as-they-are";
}
