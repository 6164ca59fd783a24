import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import { CHECKSUMS } from "../../../reader/statements/followed-tables.ts";
import type { StatementWays, TableName } from "./ask-statement-ways.ts";
import { followedMatcher } from "./followed-matcher.ts";

interface Source {
  readonly tables: readonly string[];
  readonly statementTables: readonly string[];
}

type IsChosen = (database: string, table: string) => boolean;

/**
 * Reports tables that a session can change in statement format without stopping the reader, and
 * that have a trigger, are a view, or have foreign keys which may lead to a followed table. The
 * reader cannot check this, because its account does not see triggers.
 */
export function statementFindings(
  ways: StatementWays,
  { tables, statementTables }: Source,
  lowerCaseNames: boolean,
): Finding[] {
  const isFollowed = followedMatcher(tables, lowerCaseNames);
  const isListed = followedMatcher([CHECKSUMS, ...statementTables], lowerCaseNames);
  const isHarmless = ({ database, table }: TableName): boolean =>
    isListed(database, table) && !isFollowed(database, table);
  return [
    ...followedFindings(statementTables, isFollowed),
    ...wayFindings(ways, isHarmless),
    ...(statementTables.length === 0 ? [] : viewFindings(ways)),
  ];
}

/** Skips patterns with wildcards, which may be meant for tables that are not followed. */
function followedFindings(statementTables: readonly string[], isFollowed: IsChosen): Finding[] {
  const followed = statementTables.filter((pattern) => {
    const dot = pattern.indexOf(".");
    return !/[!*?]/.test(pattern) && isFollowed(pattern.slice(0, dot), pattern.slice(dot + 1));
  });
  if (followed.length === 0) return [];
  return [
    fixedByHand(
      `Leave them out of source.tables as well: ${followed.map((name) => JSON.stringify(`!${name}`)).join(", ")}.`,
      {
        check: "statements.followed",
        about: followed.join(","),
        severity: "warning",
        what: `source.statementTables lists tables that source.tables follows: ${followed.join(", ")}`,
        why: "a followed table stays followed, so a statement in statement format that writes it stops the reader",
      },
    ),
  ];
}

function wayFindings(
  { triggers, views, cascades }: StatementWays,
  isHarmless: (table: TableName) => boolean,
): Finding[] {
  const ways = [
    ...triggers
      .filter(isHarmless)
      .map((trigger) => `${nameOf(trigger)} has the trigger ${trigger.name}`),
    ...views.filter(isHarmless).map((view) => `${nameOf(view)} is a view`),
    // Any child counts: it may be the parent of a followed table, or have a trigger.
    ...cascades
      .filter(({ parent }) => isHarmless(parent))
      .map(({ parent, child }) => `${nameOf(parent)} has foreign keys of ${nameOf(child)}`),
  ];
  if (ways.length === 0) return [];
  return [
    fixedByHand(
      "Remove the table from source.statementTables, or make sure that none of these changes a followed table.",
      {
        check: "statements.tables",
        about: ways.map((way) => way.split(" ", 1).join()).join(","),
        severity: "warning",
        what: `a statement that writes to a table of source.statementTables, or to ${CHECKSUMS}, may change other tables: ${ways.join(", ")}`,
        why: "the reader passes over a statement in statement format that writes such a table, so other changes by that statement are not delivered",
      },
    ),
  ];
}

function viewFindings({ callingViews }: StatementWays): Finding[] {
  if (callingViews.length === 0) return [];
  return [
    fixedByHand(
      "Make sure that these functions change no followed table, or that no such statement reads the views.",
      {
        check: "statements.views",
        severity: "note",
        what: `views call stored functions: ${callingViews.map(nameOf).join(", ")}`,
        why: "the reader passes over a statement in statement format that writes a table of source.statementTables, even if it reads such a view, so changes by the function are not delivered",
      },
    ),
  ];
}

function nameOf({ database, table }: TableName): string {
  return `${database}.${table}`;
}
