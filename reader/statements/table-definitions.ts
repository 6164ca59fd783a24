import { alteredTables, type NameChange } from "./altered-tables.ts";
import type { StatementCursor, TableName } from "./statement-cursor.ts";

/** The tables that a statement defines, renames, drops or empties. */
export interface TableDefinitions {
  readonly op: "ddl" | "t";
  readonly tables: readonly TableName[];
  /** The names that it changes, in the order of their effect. Left out when there are none. */
  readonly names?: readonly NameChange[];
  /** The database that the statement drops with all its tables. */
  readonly database?: string;
  /** Whether it is a CREATE TABLE that fills the table from a query. */
  readonly fills?: boolean;
}

/**
 * Reads a statement from behind its first word. Returns undefined for a statement about something
 * else, such as a view, an account or a temporary table, and null for an unknown one. Tables that
 * the statement only copies from or refers to are left out.
 *
 * The grammar is that of MySQL 9.7 (sql_yacc.yy); older versions allow a subset.
 */
export function tableDefinitions(
  verb: string,
  statement: StatementCursor,
): TableDefinitions | undefined | null {
  switch (verb) {
    case "CREATE":
      return created(statement);
    case "ALTER":
      statement.takes("EXTERNAL");
      if (statement.takes("TABLE")) return altered(statement);
      return statement.isAt(...ALTERED) ? undefined : null;
    case "DROP":
      return dropped(statement);
    case "RENAME":
      if (statement.takes("TABLE", "TABLES")) return renamed(statement);
      return statement.isAt("USER") ? undefined : null;
    case "TRUNCATE":
      statement.takes("TABLE");
      return defines([statement.tableName()], "t");
    default:
      return null;
  }
}

/** The words after CREATE, ALTER or DROP in statements that are not about tables. */
const SCHEMA_OBJECTS = [
  "VIEW",
  "TRIGGER",
  "PROCEDURE",
  "FUNCTION",
  "EVENT",
  "LIBRARY",
  "USER",
  "ROLE",
  "SERVER",
  "TABLESPACE",
  "UNDO",
  "LOGFILE",
  "RESOURCE",
  "INSTANCE",
];
/** The words that can precede VIEW, PROCEDURE and the like, which tables do not have. */
const VIEW_OPTIONS = ["ALGORITHM", "DEFINER", "SQL", "JSON"];
const CREATED = [...SCHEMA_OBJECTS, ...VIEW_OPTIONS, "DATABASE", "SCHEMA", "AGGREGATE"];
const ALTERED = [...SCHEMA_OBJECTS, ...VIEW_OPTIONS, "DATABASE", "SCHEMA"];
const DROPPED = [...SCHEMA_OBJECTS, "SPATIAL"];

function created(statement: StatementCursor): TableDefinitions | undefined | null {
  if (statement.takes("OR")) {
    statement.takes("REPLACE");
    return statement.isAt(...VIEW_OPTIONS, "VIEW", "SPATIAL") ? undefined : null;
  }
  if (statement.takes("TEMPORARY")) return temporaryTable(statement);
  statement.takes("EXTERNAL");
  if (statement.takes("TABLE")) return createdTable(statement);
  if (statement.isAt(...CREATED)) return undefined;
  if (statement.takes("SPATIAL") && statement.isAt("REFERENCE")) return undefined;
  statement.takes("UNIQUE", "FULLTEXT", "VECTOR");
  return statement.takes("INDEX") ? defines([indexedTable(statement)]) : null;
}

/** A temporary table is visible to its session only, so it is not one of the statement's tables. */
function temporaryTable(statement: StatementCursor): TableDefinitions | undefined | null {
  const definition = statement.takes("TABLE") ? createdTable(statement) : null;
  if (definition === null) return null;
  return definition.fills === true ? { ...definition, tables: [] } : undefined;
}

function createdTable(statement: StatementCursor): TableDefinitions | null {
  takesExistence(statement);
  const definition = defines([statement.tableName()]);
  return definition === null ? null : { ...definition, fills: containsQuery(statement) };
}

/**
 * Whether a query follows in a CREATE TABLE. These words are reserved; behind the table's name they
 * occur only at the beginning of a query.
 */
function containsQuery(statement: StatementCursor): boolean {
  for (; !statement.atEnd; statement.skip()) {
    if (statement.takesSign(".")) statement.skip(); // After a dot every word is a name.
    if (statement.isAt("SELECT", "TABLE")) return true;
    if (statement.isAt("VALUES")) {
      statement.skip();
      if (statement.isAt("ROW")) return true;
    }
  }
  return false;
}

function dropped(statement: StatementCursor): TableDefinitions | undefined | null {
  if (statement.takes("TEMPORARY")) return undefined;
  if (statement.takes("TABLE", "TABLES")) {
    takesExistence(statement);
    const definition = defines(tableList(statement));
    if (definition === null) return null;
    return { ...definition, names: definition.tables.map((table) => ({ kind: "drop", table })) };
  }
  if (statement.takes("INDEX")) return defines([indexedTable(statement)]);
  if (statement.takes("DATABASE", "SCHEMA")) {
    takesExistence(statement);
    const database = statement.name();
    return database === null ? null : { op: "ddl", tables: [], database };
  }
  return statement.isAt(...DROPPED) ? undefined : null;
}

/** Skips `IF EXISTS` or `IF NOT EXISTS`. IF is a reserved word. */
function takesExistence(statement: StatementCursor): void {
  if (!statement.takes("IF")) return;
  statement.takes("NOT");
  statement.takes("EXISTS");
}

function tableList(statement: StatementCursor): (TableName | null)[] {
  const names = [statement.tableName()];
  while (statement.takesSign(",")) names.push(statement.tableName());
  return names;
}

/** Reads from the index's name on. */
function indexedTable(statement: StatementCursor): TableName | null {
  statement.skip();
  while (!statement.atEnd && !statement.takes("ON")) statement.skip();
  return statement.tableName();
}

function renamed(statement: StatementCursor): TableDefinitions | null {
  const tables: TableName[] = [];
  const names: NameChange[] = [];
  do {
    const from = statement.tableName();
    const to = statement.takes("TO") ? statement.tableName() : null;
    if (from === null || to === null) return null;
    tables.push(from, to);
    names.push({ kind: "table", from, to });
  } while (statement.takesSign(","));
  return { op: "ddl", tables, names };
}

function altered(statement: StatementCursor): TableDefinitions | null {
  const { tables, names } = alteredTables(statement);
  const definition = defines(tables);
  if (definition === null || names.length === 0) return definition;
  return { ...definition, names };
}

/** null when a name is missing, so the statement was not understood. */
function defines(
  names: readonly (TableName | null)[],
  op: "ddl" | "t" = "ddl",
): TableDefinitions | null {
  const tables = names.filter((name) => name !== null);
  return tables.length === names.length ? { op, tables } : null;
}
