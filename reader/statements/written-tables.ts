import type { StatementCursor, TableName } from "./statement-cursor.ts";

/**
 * The tables that the text of a statement writes, read from behind its first word; null when the
 * text does not show them. All tables of a multi-table UPDATE or DELETE count as written. Tables
 * that a statement writes through views, triggers, functions and foreign keys are not in the text.
 */
export function writtenTables(verb: string, statement: StatementCursor): TableName[] | null {
  switch (verb) {
    case "INSERT":
    case "REPLACE":
      statement.takesAll("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO");
      return complete([statement.tableName()]);
    case "UPDATE":
      statement.takesAll("LOW_PRIORITY", "IGNORE");
      return complete(referencedTables(statement, "SET"));
    case "DELETE":
      return deletedFrom(statement);
    case "LOAD":
      return loadedTable(statement);
    case "WITH":
      return behindCommonTables(statement);
    default:
      return null;
  }
}

function deletedFrom(statement: StatementCursor): TableName[] | null {
  statement.takesAll("LOW_PRIORITY", "QUICK", "IGNORE");
  if (!statement.takes("FROM")) {
    // DELETE t1, t2.* FROM …: the names may be aliases of the tables after FROM.
    while (!statement.atEnd && !statement.takes("FROM")) statement.skip();
    return complete(referencedTables(statement, "WHERE"));
  }
  const target = statement.tableName();
  // DELETE FROM t1.*, t2 USING …
  const isList = statement.isAtSign(",") || statement.isAtSign(".") || statement.isAt("USING");
  if (target !== null && !isList) return [target];
  while (!statement.atEnd && !statement.takes("USING")) statement.skip();
  return complete(referencedTables(statement, "WHERE"));
}

function loadedTable(statement: StatementCursor): TableName[] | null {
  for (; !statement.atEnd; statement.skip()) {
    if (statement.takes("INTO") && statement.takes("TABLE"))
      return complete([statement.tableName()]);
  }
  return null;
}

/** Reads WITH … UPDATE or WITH … DELETE. */
function behindCommonTables(statement: StatementCursor): TableName[] | null {
  while (!statement.atEnd) {
    if (statement.isAtSign("(")) statement.skipParentheses();
    else if (statement.takes("UPDATE")) return writtenTables("UPDATE", statement);
    else if (statement.takes("DELETE")) return writtenTables("DELETE", statement);
    else statement.skip();
  }
  return null;
}

/**
 * The tables of a list with joins, up to a keyword or the statement's end. Subqueries are skipped,
 * because they only read.
 */
function referencedTables(statement: StatementCursor, end: string): (TableName | null)[] {
  const names: (TableName | null)[] = [];
  let isTableNext = true;
  while (!statement.atEnd && !statement.isAt(end, "ORDER", "LIMIT")) {
    if (isTableNext) {
      isTableNext = readsTable(statement, names);
    } else if (statement.isAtSign("(")) {
      statement.skipParentheses();
    } else {
      isTableNext = statement.isAt("JOIN", "STRAIGHT_JOIN") || statement.isAtSign(",");
      statement.skip();
    }
  }
  return names;
}

/**
 * Reads one element of a list of tables. Returns whether a table must follow, as after an opening
 * parenthesis.
 */
function readsTable(statement: StatementCursor, names: (TableName | null)[]): boolean {
  if (statement.takesSign("{")) {
    statement.skip(); // OJ
    return true;
  }
  if (statement.takesSign("(")) {
    if (!statement.isAt("SELECT", "WITH", "VALUES", "TABLE")) return true;
    skipRest(statement);
    return false;
  }
  statement.takes("LATERAL");
  if (statement.isAtSign("(")) {
    statement.skipParentheses();
    return false;
  }
  const name = statement.tableName();
  // JSON_TABLE(…)
  if (name !== null && statement.isAtSign("(")) statement.skipParentheses();
  else names.push(name);
  return false;
}

/** Skips the rest of an open parenthesis. */
function skipRest(statement: StatementCursor): void {
  while (!statement.atEnd && !statement.takesSign(")")) {
    if (statement.isAtSign("(")) statement.skipParentheses();
    else statement.skip();
  }
}

function complete(names: readonly (TableName | null)[]): TableName[] | null {
  const known = names.filter((name) => name !== null);
  return known.length === names.length && known.length > 0 ? known : null;
}
