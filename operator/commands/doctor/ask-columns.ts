import type { Connection } from "mysql2/promise";
import { rowsOf } from "./rows.ts";

/** The properties of a column that matter to filters. */
export interface TableColumn {
  readonly name: string;
  /** The type without length and sign, such as `varchar`. */
  readonly type: string;
  /** Null when the column does not hold text. */
  readonly collation: string | null;
  /** Whether it is part of the primary key. */
  readonly isKey: boolean;
  /** The expression of a generated column, in MySQL's spelling. */
  readonly expression?: string;
}

/** A table that the account may see. */
export interface TableColumns {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly TableColumn[];
}

const COLUMNS = `SELECT columns.table_schema AS db, columns.table_name AS tab, columns.column_name AS name,
    LOWER(columns.data_type) AS type, columns.collation_name AS collation, columns.column_key = 'PRI' AS isKey,
    columns.generation_expression AS expression
  FROM information_schema.columns AS columns JOIN information_schema.tables AS tables
    ON tables.table_schema = columns.table_schema AND tables.table_name = columns.table_name
  WHERE tables.table_type = 'BASE TABLE'
    AND columns.table_schema NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
  ORDER BY columns.table_schema, columns.table_name, columns.ordinal_position`;

/**
 * Queries every table that the account may see, except MySQL's system tables. Columns are in the
 * table's order.
 */
export async function askColumns(connection: Connection): Promise<TableColumns[]> {
  const rows = await rowsOf(connection, COLUMNS);
  const tables = Map.groupBy(rows, (row) => `${String(row["db"])}\0${String(row["tab"])}`);
  return Array.from(tables.values(), (columns) => ({
    database: String(columns[0]?.["db"]),
    table: String(columns[0]?.["tab"]),
    columns: columns.map((row) => ({
      name: String(row["name"]),
      type: String(row["type"]),
      collation: typeof row["collation"] === "string" ? row["collation"] : null,
      isKey: Number(row["isKey"]) === 1,
      ...(isGiven(row["expression"]) && { expression: row["expression"] }),
    })),
  }));
}

function isGiven(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
