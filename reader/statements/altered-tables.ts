import type { StatementCursor, TableName } from "./statement-cursor.ts";

/** A table or column that a statement gives another name, or a table that it drops. */
export type NameChange =
  | { readonly kind: "table"; readonly from: TableName; readonly to: TableName }
  | {
      readonly kind: "columns";
      readonly table: TableName;
      /** All columns that the statement renames, [old name, new name]; it may swap two. */
      readonly columns: readonly (readonly [from: string, to: string])[];
    }
  /** The rows of a partition change places with those of a table. */
  | { readonly kind: "exchange"; readonly table: TableName; readonly with: TableName }
  | { readonly kind: "drop"; readonly table: TableName };

/** The tables of an ALTER TABLE, null for a name that cannot be read, and the changed names. */
interface AlteredTables {
  readonly tables: readonly (TableName | null)[];
  readonly names: readonly NameChange[];
}

/**
 * Reads an ALTER TABLE from behind these words: the altered table, those in its clauses `RENAME TO
 * name` and `EXCHANGE PARTITION p WITH TABLE name`, and the columns that it renames.
 */
export function alteredTables(statement: StatementCursor): AlteredTables {
  const table = statement.tableName();
  if (table === null) return { tables: [null], names: [] };
  const tables: (TableName | null)[] = [table];
  const columns: [string, string][] = [];
  const names: NameChange[] = [];
  let isClauseStart = true;
  while (!statement.atEnd) {
    if (isClauseStart && statement.takes("RENAME")) {
      if (statement.takes("COLUMN")) takesColumn(statement, columns);
      else if (!statement.isAt("INDEX", "KEY")) {
        const to = newName(statement);
        tables.push(to);
        if (to !== null) names.push({ kind: "table", from: table, to });
      }
    } else if (isClauseStart && statement.takes("CHANGE")) {
      statement.takes("COLUMN");
      takesColumn(statement, columns);
    } else if (isClauseStart && statement.takes("EXCHANGE")) {
      if (statement.takes("PARTITION")) {
        const other = exchangedTable(statement);
        tables.push(other);
        if (other !== null) names.push({ kind: "exchange", table, with: other });
      }
    }
    isClauseStart = statement.isAtSign(",");
    if (statement.isAtSign("(")) statement.skipParentheses();
    else statement.skip();
  }
  if (columns.length > 0) names.unshift({ kind: "columns", table, columns });
  return { tables, names };
}

/** Reads `old TO new` or `old new`. */
function takesColumn(statement: StatementCursor, columns: [string, string][]): void {
  const from = statement.name();
  statement.takes("TO");
  const to = statement.name();
  if (from !== null && to !== null && from.toLowerCase() !== to.toLowerCase())
    columns.push([from, to]);
}

function newName(statement: StatementCursor): TableName | null {
  if (!statement.takes("TO", "AS")) statement.takesSign("=");
  return statement.tableName();
}

function exchangedTable(statement: StatementCursor): TableName | null {
  statement.skip(); // the partition's name
  return statement.takes("WITH") && statement.takes("TABLE") ? statement.tableName() : null;
}
