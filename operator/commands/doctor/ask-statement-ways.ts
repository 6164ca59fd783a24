import type { Connection } from "mysql2/promise";
import { rowsOf } from "./rows.ts";

/** The ways in which a statement can change tables that its text does not name. */
export interface StatementWays {
  readonly triggers: readonly Trigger[];
  readonly views: readonly TableName[];
  /** Views that call a stored function. A statement that only reads such a view can write. */
  readonly callingViews: readonly TableName[];
  /** Foreign keys that make a change of the parent change rows of the child. */
  readonly cascades: readonly { readonly parent: TableName; readonly child: TableName }[];
}

export interface TableName {
  readonly database: string;
  readonly table: string;
}

interface Trigger extends TableName {
  readonly name: string;
}

const SYSTEM_SCHEMAS = ["mysql", "sys", "information_schema", "performance_schema"];

const TRIGGERS = `SELECT event_object_schema AS db, event_object_table AS tab, trigger_name AS name
  FROM information_schema.triggers WHERE event_object_schema NOT IN (?)
  ORDER BY event_object_schema, event_object_table, trigger_name`;

const VIEWS = `SELECT table_schema AS db, table_name AS tab
  FROM information_schema.views WHERE table_schema NOT IN (?)
  ORDER BY table_schema, table_name`;

const CALLING_VIEWS = `SELECT DISTINCT table_schema AS db, table_name AS tab
  FROM information_schema.view_routine_usage WHERE table_schema NOT IN (?)
  ORDER BY db, tab`;

const CASCADES = `SELECT unique_constraint_schema AS db, referenced_table_name AS tab,
    constraint_schema AS childDb, table_name AS childTab
  FROM information_schema.referential_constraints
  WHERE delete_rule IN ('CASCADE', 'SET NULL') OR update_rule IN ('CASCADE', 'SET NULL')`;

/** Queries what the account may see. Seeing triggers needs the privilege TRIGGER. */
export async function askStatementWays(connection: Connection): Promise<StatementWays> {
  const triggers = await rowsOf(connection, TRIGGERS, [SYSTEM_SCHEMAS]);
  const views = await rowsOf(connection, VIEWS, [SYSTEM_SCHEMAS]);
  const callingViews = await rowsOf(connection, CALLING_VIEWS, [SYSTEM_SCHEMAS]);
  const cascades = await rowsOf(connection, CASCADES);
  return {
    triggers: triggers.map((row) => ({ ...tableOf(row), name: String(row["name"]) })),
    views: views.map(tableOf),
    callingViews: callingViews.map(tableOf),
    cascades: cascades.map((row) => ({
      parent: tableOf(row),
      child: { database: String(row["childDb"]), table: String(row["childTab"]) },
    })),
  };
}

function tableOf(row: Readonly<Record<string, unknown>>): TableName {
  return { database: String(row["db"]), table: String(row["tab"]) };
}
