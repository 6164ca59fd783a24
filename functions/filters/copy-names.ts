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

/** The table names under which filters are looked up: the table and the tables it may copy. */
export function namesWithCopied(table: string): readonly string[] {
  return [table, ...copiedBy(table)];
}

const COPIES: readonly (readonly [RegExp, (first: string, rest: string) => readonly string[]])[] = [
  [/^__osc_(?:new|chg|old)_(.+)$/su, (table) => [table]],
  [/^lhm[na]_(?:[\d_]+_)?(.+)$/su, (table) => [table]],
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
