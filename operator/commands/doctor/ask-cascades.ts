import type { Connection } from "mysql2/promise";
import { rowsOf } from "./rows.ts";

/** A foreign key that makes a change of its parent table change rows of its own table. */
export interface CascadingKey {
  readonly database: string;
  readonly table: string;
  readonly name: string;
  /** The rules as in the table's definition, such as `ON DELETE CASCADE`. */
  readonly rules: string;
}

const CASCADES = `SELECT constraint_schema AS db, table_name AS tab, constraint_name AS name,
    delete_rule AS onDelete, update_rule AS onUpdate
  FROM information_schema.referential_constraints
  WHERE delete_rule IN ('CASCADE', 'SET NULL') OR update_rule IN ('CASCADE', 'SET NULL')
  ORDER BY constraint_schema, table_name, constraint_name`;
const CASCADING: ReadonlySet<string> = new Set(["CASCADE", "SET NULL"]);

/** Queries the cascading foreign keys of all tables that the account may see. */
export async function askCascades(connection: Connection): Promise<CascadingKey[]> {
  const rows = await rowsOf(connection, CASCADES);
  return rows.map((row) => ({
    database: String(row["db"]),
    table: String(row["tab"]),
    name: String(row["name"]),
    rules: [
      ["ON DELETE", String(row["onDelete"])] as const,
      ["ON UPDATE", String(row["onUpdate"])] as const,
    ]
      .filter(([, rule]) => CASCADING.has(rule))
      .map((words) => words.join(" "))
      .join(" "),
  }));
}
