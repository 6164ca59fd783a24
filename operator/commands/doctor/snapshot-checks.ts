import { type Finding, fixedByStatements } from "../../../reader/source/finding.ts";
import { quoteName } from "../../../reader/source/quote-name.ts";
import { tableMatcher } from "../../../wire/table-patterns.ts";
import type { TableColumns } from "./ask-columns.ts";
import type { ServerFacts } from "./facts.ts";

/** The settings of subscribers that matter to snapshots, by name. */
export type SnapshotSubscribers = Readonly<
  Record<string, { readonly tables: readonly string[]; readonly snapshot: "none" | "initial" }>
>;

/**
 * Checks whether the reader's account may read the tables that a snapshot can include.
 */
export function snapshotFindings(
  { readerHost, readerGrants }: ServerFacts,
  reader: string,
  subscribers: SnapshotSubscribers,
  tables: readonly TableColumns[],
): Finding[] {
  if (readerGrants === null) return [];
  const account = `'${reader}'@'${readerHost}'`;
  const isGranted = granted(readerGrants);
  const lacking = (chosen: readonly SnapshotSubscribers[string][]): string[] => {
    const matchers = chosen.map((subscriber) => tableMatcher(subscriber.tables));
    const unreadable = tables
      .filter(({ database, table }) => matchers.some((matches) => matches(database, table)))
      .filter(({ database, table }) => !isGranted(database, table));
    return [...new Set(unreadable.map(({ database }) => database))].sort();
  };
  const all = Object.values(subscribers);
  const initial = lacking(all.filter(({ snapshot }) => snapshot === "initial"));
  const databases = initial.length > 0 ? initial : lacking(all);
  if (databases.length === 0) return [];
  const statements = databases.map(
    (database) => `GRANT SELECT ON ${quoteName(database)}.* TO ${account}`,
  );
  return [
    fixedByStatements(statements, {
      check: "snapshots.select",
      about: databases.join(","),
      severity: initial.length > 0 ? "warning" : "note",
      what: `${account} may not read all tables of ${databases.join(", ")}`,
      why:
        initial.length > 0
          ? "a subscriber has snapshot: initial, and the reader refuses the snapshot without SELECT"
          : "only snapshots need it; changes are read from the binlog",
    }),
  ];
}

/** Tells from the lines of SHOW GRANTS whether SELECT on a table is granted. */
function granted(grants: readonly string[]): (database: string, table: string) => boolean {
  const objects = grants.flatMap((line) => {
    const match = /^GRANT (?<privileges>.*) ON (?<object>\S+) TO /.exec(line);
    const { privileges = "", object = "" } = match?.groups ?? {};
    return /\b(?:SELECT|ALL PRIVILEGES)\b(?! \()/.test(privileges) ? [object] : [];
  });
  return (database, table) => {
    // In a grant on a database, _ stands for any character unless a backslash precedes it.
    const escaped = quoteName(database.replaceAll("_", "\\_"));
    return [
      "*.*",
      `${quoteName(database)}.*`,
      `${escaped}.*`,
      `${quoteName(database)}.${quoteName(table)}`,
    ].some((object) => objects.includes(object));
  };
}
