import type { Subscriber } from "../../../config/routing.ts";
import {
  columnRules,
  columnsHiddenByName,
  type TreatmentOf,
} from "../../../functions/filters/column-rules.ts";
import { copiedBy } from "../../../config/copy-names.ts";
import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import { quoteName } from "../../../reader/source/quote-name.ts";
import { parseColumnPattern } from "../../../wire/column-patterns.ts";
import type { TableColumn, TableColumns } from "./ask-columns.ts";

type Columns = NonNullable<Subscriber["columns"]>;

/** A table of a subscriber and how its filter treats the columns. */
interface FilteredTable extends TableColumns {
  readonly treatmentOf: TreatmentOf | null;
  /** The column names in lower case, because MySQL ignores their case. */
  readonly names: ReadonlySet<string>;
}

/**
 * Reports where a subscriber may receive the values of a column that is hidden from it: in another
 * table, or in a column that MySQL computes from it.
 */
export function leakFindings(
  place: string,
  columns: Columns,
  tables: readonly TableColumns[],
  lowerCaseNames: boolean,
): Finding[] {
  const filtered = tables.map((table) => ({
    ...table,
    treatmentOf: columnRules(columns, table.database, table.table, lowerCaseNames),
    names: new Set(table.columns.map(({ name }) => name.toLowerCase())),
  }));
  const findings = [
    ...generatedColumns(place, filtered),
    ...copies(place, filtered),
    ...renamedTables(place, columns, filtered, lowerCaseNames),
    ...toolsCopies(place, filtered),
  ];
  // A table may match several others. One finding per table is enough.
  const seen = new Set<string>();
  return findings.filter(({ check, about = "" }) => {
    const id = `${check}:${about}`;
    return !seen.has(id) && seen.add(id);
  });
}

const fullName = ({ database, table }: TableColumns): string => `${database}.${table}`;

const isHidden = ({ treatmentOf }: FilteredTable, { name, isKey }: TableColumn): boolean =>
  treatmentOf !== null && treatmentOf(name, isKey) !== "keep";

/** Reports delivered columns that MySQL computes from hidden ones. */
function generatedColumns(place: string, tables: readonly FilteredTable[]): Finding[] {
  return tables.flatMap((table) => {
    const secret = new Set(
      table.columns.filter((column) => isHidden(table, column)).map(({ name }) => name),
    );
    if (secret.size === 0) return [];
    const found: Finding[] = [];
    // A generated column can refer only to generated columns that precede it.
    for (const column of table.columns) {
      const source = [...secret].find((name) => mentions(column.expression ?? "", name));
      if (source === undefined || isHidden(table, column)) continue;
      secret.add(column.name);
      found.push(
        fixedByHand(`Leave out or mask ${fullName(table)}.${column.name}, too.`, {
          check: "filters.generated",
          about: `${place}.columns.${fullName(table)}.${column.name}`,
          severity: "warning",
          what: `${place} gets ${fullName(table)}.${column.name}, which MySQL computes from ${source}`,
          why: `${source} is hidden from this subscriber, which may derive its values from the computed column`,
        }),
      );
    }
    return found;
  });
}

/** Whether an expression from information_schema contains the name of a column. */
function mentions(expression: string, column: string): boolean {
  return expression.toLowerCase().includes(quoteName(column).toLowerCase());
}

/** Reports tables that have all columns of another table and deliver some of its hidden ones. */
function copies(place: string, tables: readonly FilteredTable[]): Finding[] {
  return tables.flatMap((original) => {
    const hidden = original.columns.filter((column) => isHidden(original, column));
    if (hidden.length === 0) return [];
    const names = original.columns.map(({ name }) => name);
    return tables
      .filter((table) => table !== original && hasAll(table, names))
      .flatMap((table) => {
        const shown = shownOf(
          table,
          hidden.map(({ name }) => name),
        );
        return shown === null
          ? []
          : [copy(place, fullName(table), shown, `has all columns of ${fullName(original)}`)];
      });
  });
}

/**
 * Reports tables that may be a renamed table: the configuration hides columns of a table that no
 * longer exists, and this table has all of them and delivers some.
 */
function renamedTables(
  place: string,
  columns: Columns,
  tables: readonly FilteredTable[],
  lowerCaseNames: boolean,
): Finding[] {
  const patterns = [...columns.exclude, ...Object.keys(columns.mask)].flatMap(
    (text) => parseColumnPattern(text) ?? [],
  );
  const former = new Map(
    patterns.map((pattern) => [`${pattern.database}.${pattern.table}`, pattern]),
  );
  return Array.from(former, ([name, { database, table }]) => {
    const hidden = columnsHiddenByName(columns, database, table, lowerCaseNames);
    const isThere = tables.some((each) => fullName(each) === name);
    if (hidden.length === 0 || isThere) return [];
    return tables
      .filter((each) => hasAll(each, hidden))
      .flatMap((each) => {
        const shown = shownOf(each, hidden);
        return shown === null
          ? []
          : [
              copy(
                place,
                fullName(each),
                shown,
                `may be ${name} under a new name: the filters of ${name} apply to it only if the reader has read the RENAME`,
              ),
            ];
      });
  }).flat();
}

function hasAll({ names }: FilteredTable, columns: readonly string[]): boolean {
  return columns.every((name) => names.has(name.toLowerCase()));
}

/** The columns among `columns` that are delivered unchanged, as text; null for none. */
function shownOf(table: FilteredTable, columns: readonly string[]): string | null {
  const wanted = new Set(columns.map((name) => name.toLowerCase()));
  const shown = table.columns
    .filter((column) => wanted.has(column.name.toLowerCase()) && !isHidden(table, column))
    .map(({ name }) => name);
  return shown.length === 0 ? null : shown.join(", ");
}

function copy(place: string, table: string, shown: string, reason: string): Finding {
  return fixedByHand(`Hide them there too, or leave the table out with "!${table}".`, {
    check: "filters.copy",
    about: `${place}.columns.${table}`,
    severity: "warning",
    what: `${place} gets values of ${table} as they are (${shown}), and the table ${reason}`,
    why: "the subscriber gets from this table the values that are hidden in the other",
  });
}

/** Reports copies made by tools for schema changes. The original's filters apply to them. */
function toolsCopies(place: string, tables: readonly FilteredTable[]): Finding[] {
  const names = new Set(tables.map(fullName));
  return tables.flatMap(({ database, table }) => {
    const original = copiedBy(table).find((name) => names.has(`${database}.${name}`));
    if (original === undefined) return [];
    return [
      fixedByHand(
        `Leave it out with "!${database}.${table}", or such tables with "!${database}._*".`,
        {
          check: "filters.tool-copy",
          about: `${place}.${database}.${table}`,
          severity: "note",
          what: `${place} gets ${database}.${table}, which is named like a copy of ${database}.${original} that a tool for schema changes makes`,
          why: "the subscriber gets each row that the tool copies, with the filters of the original",
        },
      ),
    ];
  });
}
