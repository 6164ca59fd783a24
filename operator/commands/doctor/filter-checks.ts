import { columnUses } from "../../../config/condition/condition.ts";
import { parseCondition } from "../../../config/condition/parse-condition.ts";
import { isFiltered } from "../../../config/filters.ts";
import type { Subscriber } from "../../../config/routing.ts";
import { columnRules } from "../../../functions/filters/column-rules.ts";
import { originalMatcher } from "../../../config/copy-names.ts";
import { type Finding, fixedByHand, fixedBySetting } from "../../../reader/source/finding.ts";
import { isRds } from "../../../reader/source/rds.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";
import { columnNameMatcher, parseColumnPattern } from "../../../wire/column-patterns.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import { tableMatcher } from "../../../wire/table-patterns.ts";
import type { TableColumns } from "./ask-columns.ts";
import { countsOnlyHere, differentMeaning } from "./comparison-checks.ts";
import { copiesWithoutColumns } from "./copy-checks.ts";
import { leakFindings } from "./leak-checks.ts";

/** The settings of a subscriber that the doctor checks. */
export type FilteredSubscriber = Pick<Subscriber, "tables" | "columns" | "where">;

export type FilteredSubscribers = Readonly<Record<string, FilteredSubscriber>>;

/** Checks whether the subscribers' filters fit the server's tables. */
export function filterFindings(
  subscribers: FilteredSubscribers,
  tables: readonly TableColumns[],
  variables: ServerVariables,
): Finding[] {
  const lowerCaseNames = ["1", "2"].includes(variables.get("lower_case_table_names") ?? "0");
  const chosenBy = (patterns: readonly string[]): TableColumns[] => {
    const matches = tableMatcher(lowerCaseNames ? patterns.map(lowerCaseName) : patterns);
    return tables.filter(({ database, table }) => matches(database, table));
  };
  return Object.entries(subscribers)
    .filter(([, subscriber]) => isFiltered(subscriber))
    .flatMap(([name, subscriber]) => {
      const place = `subscribers.${name}`;
      const own = chosenBy(subscriber.tables);
      if (own.length === 0) return [noTables(place)];
      return [
        ...missingColumns(place, subscriber, (pattern) =>
          chosenBy([pattern]).filter((table) => own.includes(table)),
        ),
        ...(subscriber.columns === undefined
          ? []
          : copiesWithoutColumns(place, subscriber.columns, own, lowerCaseNames)),
        ...hiddenKeys(place, subscriber, own, lowerCaseNames),
        ...(subscriber.columns === undefined
          ? []
          : leakFindings(place, subscriber.columns, own, lowerCaseNames)),
        ...conditionFindings(place, subscriber, (pattern) => {
          const matches = originalMatcher(lowerCaseNames ? lowerCaseName(pattern) : pattern);
          return own.filter(({ database, table }) => matches(database, table));
        }),
        ...rowImage(place, subscriber, variables),
      ];
    });
}

function noTables(place: string): Finding {
  return fixedByHand(
    "With --mysql, name an account that may see the tables; or correct `tables`.",
    {
      check: "filters.tables",
      about: place,
      severity: "warning",
      what: `this account sees no table of ${place}`,
      why: "the doctor cannot check whether its filters fit the tables",
    },
  );
}

function missingColumns(
  place: string,
  { columns }: FilteredSubscriber,
  tablesOf: (pattern: string) => readonly TableColumns[],
): Finding[] {
  if (columns === undefined) return [];
  const patterns = [...(columns.include ?? []), ...columns.exclude, ...Object.keys(columns.mask)];
  return patterns
    .filter((text) => {
      const pattern = parseColumnPattern(text);
      if (pattern === null) return false;
      const matches = columnNameMatcher(pattern);
      return !tablesOf(`${pattern.database}.${pattern.table}`).some((table) =>
        table.columns.some(({ name }) => matches(name)),
      );
    })
    .map((text) =>
      fixedByHand("Correct the pattern, or remove it.", {
        check: "filters.column",
        about: `${place}.columns.${text}`,
        severity: "warning",
        what: `no table has a column that ${JSON.stringify(text)} of ${place}.columns chooses`,
        why: "if the name is mistyped, the intended column is delivered unchanged; if it has no wildcard and its table exists, the changes of the table are parked instead",
      }),
    );
}

function hiddenKeys(
  place: string,
  { columns }: FilteredSubscriber,
  tables: readonly TableColumns[],
  lowerCaseNames: boolean,
): Finding[] {
  if (columns === undefined) return [];
  return tables.flatMap(({ database, table, columns: all }) => {
    const treatmentOf = columnRules(columns, database, table, lowerCaseNames);
    if (treatmentOf === null) return [];
    return all
      .filter(({ name, isKey }) => isKey && !["keep", "hash"].includes(treatmentOf(name, false)))
      .map(({ name }) =>
        fixedByHand(`Mask ${database}.${table}.${name} with "hash", or deliver it.`, {
          check: "filters.key",
          about: `${place}.columns.${database}.${table}.${name}`,
          severity: "warning",
          what: `${place}.columns leaves out ${database}.${table}.${name}, or masks it otherwise than with "hash", although it is part of the primary key`,
          why: "without it subscribers cannot distinguish the rows; npm start refuses this configuration, and a deployed stack parks the changes (HiddenKeyError), or delivers the hash of a masked column",
        }),
      );
  });
}

function conditionFindings(
  place: string,
  { where, tables }: FilteredSubscriber,
  tablesOf: (pattern: string) => readonly TableColumns[],
): Finding[] {
  if (where === undefined) return [];
  const conditions =
    typeof where === "string"
      ? tables
          .filter((pattern) => !pattern.startsWith("!"))
          .map((pattern) => ({ pattern, text: where }))
      : Object.entries(where).map(([pattern, text]) => ({ pattern, text }));
  const findings = conditions.flatMap(({ pattern, text }) => {
    const uses = columnUses(parseCondition(text));
    return tablesOf(pattern).flatMap(({ database, table, columns }) =>
      uses.flatMap((use): Finding[] => {
        const wanted = use.column.name.toLowerCase();
        const column = columns.find(({ name }) => name.toLowerCase() === wanted);
        if (column === undefined) {
          return [noSuchColumn(place, `${database}.${table}`, use.column.name)];
        }
        const difference = differentMeaning(use, column);
        if (difference !== null)
          return [otherMeaning(place, `${database}.${table}`, column.name, difference)];
        const more = countsOnlyHere(use, column);
        return more === null
          ? []
          : [otherCollation(place, `${database}.${table}.${column.name}`, column.collation, more)];
      }),
    );
  });
  return [...new Map(findings.map((finding) => [finding.what, finding])).values()];
}

function noSuchColumn(place: string, table: string, column: string): Finding {
  return fixedByHand(
    "Correct the name, or limit the condition to the tables that have the column.",
    {
      check: "filters.condition-column",
      about: `${place}.where.${table}.${column}`,
      severity: "warning",
      what: `${place}.where names the column ${column}, which ${table} does not have`,
      why: "the functions cannot decide whether the subscriber gets its rows, so these are parked, and the queue waits",
    },
  );
}

function otherMeaning(place: string, table: string, column: string, difference: string): Finding {
  return fixedByHand("Compare the column with a literal that suits its type (docs/filters.md).", {
    check: "filters.comparison",
    about: `${place}.where.${table}.${column}`,
    severity: "warning",
    what: `${place}.where: in ${table} ${difference}`,
    why: "the condition may choose other rows than the same condition in MySQL",
  });
}

function otherCollation(
  place: string,
  column: string,
  collation: string | null,
  more: string,
): Finding {
  return fixedByHand("To ignore case, compare LOWER(column).", {
    check: "filters.collation",
    about: `${place}.where.${column}`,
    severity: "note",
    what: `${place}.where compares ${column} by code points, and its collation is ${collation}`,
    why: `${more} in the condition, but not in MySQL's SELECT`,
  });
}

function rowImage(
  place: string,
  { where }: FilteredSubscriber,
  variables: ServerVariables,
): Finding[] {
  const image = (variables.get("binlog_row_image") ?? "").toUpperCase();
  if (where === undefined || image === "FULL") return [];
  return [
    fixedBySetting("binlog_row_image", "FULL", isRds(variables), {
      check: "filters.row-image",
      about: place,
      severity: "warning",
      what: `binlog_row_image is ${image}, and ${place} has a condition`,
      why: "where the row image lacks a column of the condition, changes are parked, and the queue waits",
    }),
  ];
}
