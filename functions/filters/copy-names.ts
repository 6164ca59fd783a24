/**
 * The tables of which a table may be a copy, by the names that tools for schema changes give their
 * copies: gh-ost, pt-online-schema-change, Spirit, Facebook's OnlineSchemaChange and LHM. A tool
 * fills the copy with all rows, and renames it. Several names where it is not clear which part of a
 * name the tool has added.
 */
export function copiedBy(table: string): readonly string[] {
  for (const [prefixed, nameIn] of COPIES) {
    const match = prefixed.exec(table);
    if (match !== null) return nameIn(match[1] ?? "", match[2] ?? "");
  }
  return [];
}

/** The names by which a table's filters are looked for: its own, and those of what it copies. */
export function namesWithCopied(table: string): readonly string[] {
  return [table, ...copiedBy(table)];
}

const COPIES: readonly (readonly [RegExp, (first: string, rest: string) => readonly string[]])[] = [
  [/^__osc_(?:new|chg|old)_(.+)$/su, (table) => [table]],
  [/^lhm[na]_(?:[\d_]+_)?(.+)$/su, (table) => [table]],
  [/^(_+)(.+?)_(?:gho|del|new|old(?:_[\d_]+)?)$/su, underscored],
];

/** pt-online-schema-change puts up to ten underscores before a name, and the name may begin so. */
function underscored(prefix: string, rest: string): readonly string[] {
  // gh-ost writes the time of its start into the name of the old table, when asked to.
  const withoutTime = rest.replace(/_\d{14}$/, "");
  return [...new Set([rest, withoutTime])].flatMap((name) =>
    Array.from(prefix, (_, kept) => prefix.slice(0, kept) + name),
  );
}
