import type { ColumnUse, Literal } from "../../../config/condition/condition.ts";
import { momentOf } from "../../../functions/filters/compare-values.ts";
import type { TableColumn } from "./ask-columns.ts";

/** The kind of values that a condition can compare a column with. */
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

/** Why a condition compares differently from MySQL, in words; null when it compares the same. */
export function differentMeaning(
  { literals, isLike }: ColumnUse,
  { name, type }: TableColumn,
): string | null {
  const family = FAMILIES[type] ?? (type === "float" ? "numbers" : "nothing");
  if (isLike) {
    return family === "strings"
      ? null
      : `${name} is of the type ${type}, and LIKE compares strings only`;
  }
  const values = literals.filter(({ kind }) => kind !== "null");
  if (values.length === 0) return null;
  if (type === "float") return `${name} is a FLOAT, and its printed digits are not its exact value`;
  if (!values.every((literal) => isOf(family, literal)))
    return `${name} is of the type ${type}, which compares with ${WANTED[family]}`;
  return values.map((literal) => ofDigits(name, type, literal)).find((why) => why !== null) ?? null;
}

/** A DOUBLE distinguishes all decimal numbers with up to this many significant digits. */
const DOUBLE_DIGITS = 15;

/**
 * Why the comparison with a literal of the column's family differs from MySQL's, which converts the
 * literal first; null when it does not differ.
 */
function ofDigits(name: string, type: string, literal: Literal): string | null {
  if (literal.kind === "text") {
    const isMoment = FAMILIES[type] === "strings" && momentOf(literal.text) !== null;
    return isMoment
      ? `${name} is of the type ${type}, and '${literal.text}' reads as a date or a time: MySQL compares it as such with other texts that do`
      : null;
  }
  if (literal.kind !== "number") return null;
  const { digits } = literal;
  if (type === "year" && !/^-?(?:0|\d{3,})$/.test(digits))
    return `${name} is a YEAR, and MySQL converts ${digits} to another year: write four digits`;
  const significant = digits.replace(/^-?[0.]*|\./g, "").replace(/0+$/, "");
  return type === "double" && significant.length > DOUBLE_DIGITS
    ? `${name} is a DOUBLE, and ${digits} has more digits than it holds`
    : null;
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

/** What a condition distinguishes in texts and MySQL does not; null when they compare the same. */
export function countsOnlyHere(
  { literals, isLike, column }: ColumnUse,
  { collation }: TableColumn,
): string | null {
  const isText = isLike || literals.some(({ kind }) => kind === "text");
  if (!isText || collation === null || collation === "utf8mb4_0900_bin") return null;
  if (!collation.endsWith("_bin"))
    return column.letters === "as-they-are" ? "case and accents matter" : null;
  // All other binary collations are PAD SPACE, which does not affect LIKE.
  return isLike ? null : "trailing spaces matter";
}
