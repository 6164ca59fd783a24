import { tableMatcher } from "../wire/table-patterns.ts";

/**
 * The names of the tables of which a table may be a copy, judged by the names that tools for schema
 * changes use: gh-ost, pt-online-schema-change, Spirit, Facebook's OnlineSchemaChange and LHM. Such
 * a tool copies all rows into the copy and then renames it. Returns several names when it is
 * unclear which part of the name the tool added.
 */
export function copiedBy(table: string): readonly string[] {
  for (const [prefixed, nameIn] of COPIES) {
    const match = prefixed.exec(table);
    if (match !== null) return nameIn(match[1] ?? "", match[2] ?? "");
  }
  return [];
}

/**
 * Tests whether a table pattern chooses a table, or a table that it is a copy of. Where the name of
 * a copy is as long as MySQL allows, the tool may have cut the name of the original: then the
 * pattern may choose any table whose name begins with what is left.
 */
export function originalMatcher(pattern: string): (database: string, table: string) => boolean {
  const matches = tableMatcher([pattern]);
  const matchesBeginning = tableMatcher(beginnings(pattern));
  return (database, table) => {
    const matchesOriginal = isAsLongAsAllowed(table) ? matchesBeginning : matches;
    return (
      matches(database, table) || copiedBy(table).some((name) => matchesOriginal(database, name))
    );
  };
}

/** MySQL's limit for a table's name, characters. gh-ost counts bytes. */
const LONGEST_NAME = 64;

function isAsLongAsAllowed(table: string): boolean {
  return [Array.from(table).length, Buffer.byteLength(table)].includes(LONGEST_NAME);
}

/**
 * Patterns that together choose a name if and only if the pattern chooses some name that begins so.
 */
function beginnings(pattern: string): string[] {
  const table = pattern.indexOf(".") + 1;
  const { length } = pattern.slice(table);
  return Array.from({ length }, (_, last) => pattern.slice(0, table + last + 1));
}

const COPIES: readonly (readonly [RegExp, (first: string, rest: string) => readonly string[]])[] = [
  [/^__osc_(?:new|chg|old)_(.+)$/su, (table) => [table]],
  [/^lhmn_(.+)$/su, (table) => [table]],
  [/^lhma_(\d{4}(?:_\d\d){5}_\d{3}_)?(.+)$/su, (_, table) => [table]],
  [/^(_+)(.+?)_(?:gho|del|new|old(?:_[\d_]+)?)$/su, underscored],
];

/**
 * pt-online-schema-change adds up to ten underscores in front of a name, and the original name may
 * begin with underscores too.
 */
function underscored(prefix: string, rest: string): readonly string[] {
  // With an option, gh-ost adds the time of its start to the name of the old table.
  const withoutTime = rest.replace(/_\d{14}$/, "");
  return [...new Set([rest, withoutTime])].flatMap((name) =>
    Array.from(prefix, (_, kept) => prefix.slice(0, kept) + name),
  );
}
