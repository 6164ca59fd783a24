import { type SqlToken, sqlTokens } from "./sql-tokens.ts";

/** A table that a statement defines anew, and how: `t` empties it. */
export interface DefinitionChange {
  readonly op: "ddl" | "t";
  readonly database: string;
  readonly table: string;
}

/**
 * The tables that a DDL statement of the binlog names as its objects, each once: both names of a renamed table, both
 * tables of an exchange. None for what is not about a table's definition (accounts, views, routines, databases, temporary
 * tables), and for a table that is only copied from.
 *
 * @param schema the default database of the session that ran it
 */
export function definitionChanges(sql: string, schema: string): DefinitionChange[] {
  const statement = new Statement([...sqlTokens(sql)]);
  if (statement.takes("TRUNCATE")) {
    statement.takes("TABLE");
    return changes("t", [statement.tableName()], schema);
  }
  return changes("ddl", definedTables(statement), schema);
}

type TableName = { readonly database: string | null; readonly table: string } | null;

function definedTables(statement: Statement): TableName[] {
  if (statement.takes("CREATE")) return createdTables(statement);
  if (statement.takes("ALTER")) return statement.takes("TABLE") ? alteredTables(statement) : [];
  if (statement.takes("DROP")) return droppedTables(statement);
  if (statement.takes("RENAME") && statement.takes("TABLE")) return renamedTables(statement);
  return [];
}

function createdTables(statement: Statement): TableName[] {
  if (statement.takes("TABLE")) {
    if (statement.takes("IF")) statement.skip(2); // NOT EXISTS
    return [statement.tableName()];
  }
  for (const kind of ["UNIQUE", "FULLTEXT", "SPATIAL"]) statement.takes(kind);
  return statement.takes("INDEX") ? [indexedTable(statement)] : [];
}

function droppedTables(statement: Statement): TableName[] {
  if (statement.takes("INDEX")) return [indexedTable(statement)];
  if (!statement.takes("TABLE") && !statement.takes("TABLES")) return [];
  if (statement.takes("IF")) statement.skip(1); // EXISTS
  const names = [statement.tableName()];
  while (statement.takesSign(",")) names.push(statement.tableName());
  return names;
}

function indexedTable(statement: Statement): TableName {
  statement.skip(1); // the index's name
  while (!statement.atEnd && !statement.takes("ON")) statement.skip(1);
  return statement.tableName();
}

function renamedTables(statement: Statement): TableName[] {
  const names: TableName[] = [];
  do {
    names.push(statement.tableName());
    statement.takes("TO");
    names.push(statement.tableName());
  } while (statement.takesSign(","));
  return names;
}

function alteredTables(statement: Statement): TableName[] {
  const names = [statement.tableName()];
  let depth = 0;
  let isClauseStart = true;
  while (!statement.atEnd) {
    if (depth === 0 && isClauseStart) {
      const other = otherTable(statement);
      if (other !== null) names.push(other);
    }
    if (statement.takesSign("(")) depth++;
    else if (statement.takesSign(")")) depth--;
    isClauseStart = statement.takesSign(",");
    if (!isClauseStart) statement.skipUnlessSign();
  }
  return names;
}

/** The second table of an ALTER TABLE's clause: `RENAME TO name`, `EXCHANGE PARTITION p WITH TABLE name`. */
function otherTable(statement: Statement): TableName {
  if (statement.takes("RENAME")) {
    if (["COLUMN", "INDEX", "KEY"].some((word) => statement.takes(word))) return null;
    if (!statement.takes("TO") && !statement.takes("AS")) statement.takesSign("=");
    return statement.tableName();
  }
  if (!statement.takes("EXCHANGE")) return null;
  statement.skip(2); // PARTITION name
  return statement.takes("WITH") && statement.takes("TABLE") ? statement.tableName() : null;
}

function changes(
  op: DefinitionChange["op"],
  names: readonly TableName[],
  schema: string,
): DefinitionChange[] {
  const found = new Map<string, DefinitionChange>();
  for (const name of names) {
    if (name === null) continue;
    const database = name.database ?? schema;
    found.set(`${database}\0${name.table}`, { op, database, table: name.table });
  }
  return [...found.values()];
}

/** A statement that is read from its beginning to its end. */
class Statement {
  readonly #tokens: readonly SqlToken[];
  #at = 0;

  constructor(tokens: readonly SqlToken[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Passes over a keyword if it comes next. */
  takes(keyword: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || token.text.toUpperCase() !== keyword) return false;
    this.#at++;
    return true;
  }

  takesSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** Passes over one token that is neither a parenthesis nor a comma. */
  skipUnlessSign(): void {
    const token = this.#tokens[this.#at];
    if (token?.kind === "sign" && "(),".includes(token.text)) return;
    this.#at++;
  }

  /** Passes over `table` or `database.table`; null when no name comes next. */
  tableName(): TableName {
    const first = this.#name();
    if (first === null) return null;
    if (!this.takesSign(".")) return { database: null, table: first };
    const second = this.#name();
    return second === null ? null : { database: first, table: second };
  }

  #name(): string | null {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" && token?.kind !== "name") return null;
    this.#at++;
    return token.text;
  }
}
