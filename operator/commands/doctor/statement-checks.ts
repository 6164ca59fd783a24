import { type Finding, mendedByHand } from "../../../reader/source/finding.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import { tableMatcher, WHOLE_DATABASE } from "../../../wire/table-patterns.ts";
import type { StatementWays, TableName, Trigger } from "./ask-statement-ways.ts";

interface Source {
  readonly tables: readonly string[];
  readonly statementTables: readonly string[];
}

type IsChosen = (database: string, table: string) => boolean;

const WHY =
  "the reader passes a statement in statement format that writes it, and what else that statement changed is delivered to nobody";

/**
 * Tables that a session can change in statement format without stopping the reader, and from which
 * a trigger, a view or a foreign key leads to a followed table. The reader's account sees no
 * triggers, so it cannot check this itself.
 */
export function statementFindings(
  { triggers, views, cascades }: StatementWays,
  { tables, statementTables }: Source,
  lowerCaseNames: boolean,
): Finding[] {
  const isFollowed = matcherOf(tables, lowerCaseNames);
  const isListed = matcherOf(statementTables, lowerCaseNames);
  const isHarmless = ({ database, table }: TableName): boolean =>
    isListed(database, table) && !isFollowed(database, table);
  const ways = [
    ...triggers
      .filter(isHarmless)
      .map((trigger) => `${nameOf(trigger)} has the trigger ${trigger.name}`),
    ...views.filter(isHarmless).map((view) => `${nameOf(view)} is a view`),
    // Of any child: it may be the parent of a followed one, or have a trigger.
    ...cascades
      .filter(({ parent }) => isHarmless(parent))
      .map(({ parent, child }) => `${nameOf(parent)} has foreign keys of ${nameOf(child)}`),
  ];
  const findings: Finding[] = [];
  if (ways.length > 0) {
    findings.push(
      mendedByHand(
        "Take it out of source.statementTables, or see that this does not lead to a followed table.",
        {
          check: "statements.tables",
          about: ways.map((way) => way.split(" ", 1).join()).join(","),
          severity: "warning",
          what: `source.statementTables lists a table that may lead to others: ${ways.join(", ")}`,
          why: WHY,
        },
      ),
    );
  }
  const hidden = triggers.filter(
    (trigger) =>
      !isFollowed(trigger.database, WHOLE_DATABASE) && leadsToFollowed(trigger, isFollowed),
  );
  if (hidden.length > 0) {
    const names = hidden.map((trigger) => `${trigger.database}.${trigger.name}`);
    findings.push(
      mendedByHand(
        "See that its table is written in binlog_format = ROW, in which the trigger's rows are logged.",
        {
          check: "statements.triggers",
          severity: "note",
          what: `triggers of tables that are not followed name databases that are, or call a procedure: ${names.join(", ")}`,
          why: "a statement in statement format that fires it, and reads a table of that database, passes the reader: what the trigger changed is delivered to nobody",
        },
      ),
    );
  }
  return findings;
}

/** Matches names as the server with this setting compares them. */
function matcherOf(patterns: readonly string[], lowerCaseNames: boolean): IsChosen {
  if (!lowerCaseNames) return tableMatcher(patterns);
  const matches = tableMatcher(patterns.map(lowerCaseName));
  return (database, table) => matches(lowerCaseName(database), lowerCaseName(table));
}

/**
 * Whether a trigger's text names a database with followed tables, `shop.` or in quotes, or calls a
 * procedure, whose text is not looked at.
 */
function leadsToFollowed({ body }: Trigger, isFollowed: IsChosen): boolean {
  if (/\bCALL\b/i.test(body)) return true;
  const quoted = /([\w$]+|`(?:[^`]|``)+`|"(?:[^"]|"")+")\s*\./g;
  const names = Array.from(body.matchAll(quoted), ([, name = ""]) =>
    name.replace(/^[`"]|[`"]$/g, ""),
  );
  return names.some((name) => isFollowed(name, WHOLE_DATABASE));
}

function nameOf({ database, table }: TableName): string {
  return `${database}.${table}`;
}
