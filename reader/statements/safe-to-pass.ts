import type { FollowedTables } from "./followed-tables.ts";
import { isOwnWord } from "./own-functions.ts";
import type { QueryEvent } from "./query-event.ts";
import { StatementCursor, type TableName } from "./statement-cursor.ts";
import { tableDefinitions } from "./table-definitions.ts";
import { writtenTables } from "./written-tables.ts";

/**
 * Whether a statement that changes rows in statement format changes no followed table. It is safe
 * in three cases:
 *
 * - No opened table is in a database with followed tables. The server lists the databases of all
 *   opened tables, including those opened through views, triggers and functions.
 * - It is a CREATE TABLE … SELECT of a table that is not followed. A new table has no trigger, and
 *   MySQL refuses the statement if a function that it calls, even in a view, changes a table.
 * - All tables that the text writes are harmless according to the configuration, the text calls no
 *   stored function, and each opened database with followed tables either has one of these harmless
 *   tables or is named in the text, as in a checksum's statement that reads it.
 *
 * Other statements that read a followed database may change it: a trigger of a table that they
 * write, or a function in a view that they read, may open no other database, and then the list of
 * databases does not show it.
 *
 * If the server lists no databases (one of the tables is the parent of a foreign key), the third
 * case holds only for statements that read no other table or only add rows.
 */
export function isSafeToPass(verb: string, query: QueryEvent, followed: FollowedTables): boolean {
  const opened =
    query.databases
      ?.map((name) => followed.nameOf(name))
      .filter((name) => followed.isDatabaseRead(name)) ?? null;
  if (opened?.length === 0) return true;

  const { text, dialect } = query;
  const statement = new StatementCursor(text, dialect);
  statement.skip();
  const schema = followed.nameOf(query.schema);
  const named = ({ database, table }: TableName): { database: string; table: string } => ({
    database: database === null ? schema : followed.nameOf(database),
    table: followed.nameOf(table),
  });
  if (verb === "CREATE") {
    const filled = tableDefinitions(verb, statement)?.tables.map(named);
    return filled?.every(({ database, table }) => !followed.isRead(database, table)) === true;
  }
  // MySQL generates the text of a LOAD DATA, with backslash escapes in any SQL mode.
  if (verb === "LOAD" && !dialect.backslashEscapes) return false;
  const names = writtenTables(verb, statement)?.map(named) ?? [];
  if (names.length === 0) return false;
  if (!names.every(({ database, table }) => followed.isHarmless(database, table))) return false;
  const { callsFunction, reads, databases } = expressionsOf(verb, query, statement, (name) => {
    // A name without a database may be a common table expression's, which is in no database.
    if (name === null && verb === "WITH") return null;
    const found = name === null ? schema : followed.nameOf(name);
    return opened?.includes(found) === true ? found : null;
  });
  if (callsFunction) return false;
  if (opened === null) return verb !== "WITH" && (!reads || ADDING.has(verb));
  return opened.every(
    (name) => databases.has(name) || names.some(({ database }) => database === name),
  );
}

/**
 * Statements that change or remove the children of a foreign key only for rows that they replace.
 */
const ADDING: ReadonlySet<string> = new Set(["INSERT", "REPLACE"]);

interface Expressions {
  /** Whether the text calls a function that is not MySQL's own. */
  readonly callsFunction: boolean;
  /** Whether the text reads a table. */
  readonly reads: boolean;
  /** The databases found by `FindDatabase` of which the text reads a table. */
  readonly databases: ReadonlySet<string>;
}

/**
 * Returns the database for a name before a dot, or for a table without one (null). null: the
 * database is not of interest.
 */
type FindDatabase = (name: string | null) => string | null;

/**
 * The expressions of the whole statement. `behind` is positioned behind the tables that it writes.
 */
function expressionsOf(
  verb: string,
  query: QueryEvent,
  behind: StatementCursor,
  find: FindDatabase,
): Expressions {
  const rest = expressions(behind, find);
  switch (verb) {
    // Nothing precedes the table, and its list of columns looks like a call.
    case "INSERT":
    case "REPLACE":
    case "LOAD":
      return rest;
    default: {
      const whole = new StatementCursor(query.text, query.dialect);
      const all = expressions(whole, find);
      // The FROM of a DELETE names the tables that it writes.
      const read = verb === "DELETE" || verb === "WITH" ? rest : all;
      return { ...read, callsFunction: all.callsFunction };
    }
  }
}

/** Keywords that end a query's list of tables. */
const BEHIND_TABLES = [
  "WHERE",
  "GROUP",
  "HAVING",
  "ORDER",
  "LIMIT",
  "WINDOW",
  "UNION",
  "EXCEPT",
  "INTERSECT",
  "SELECT",
  "SET",
  "VALUES",
  "DUPLICATE",
  "FOR",
] as const;

/** The state within a parenthesis, or outside all parentheses. */
interface Level {
  /** Whether a FROM at this level names tables, unlike that of TRIM(x FROM y). */
  readonly isQuery: boolean;
  /** Whether a table follows after a comma or JOIN. */
  isTableList: boolean;
}

/** Finds function calls, and the tables that a query names after FROM, TABLE, JOIN and commas. */
function expressions(statement: StatementCursor, find: FindDatabase): Expressions {
  let callsFunction = false;
  let reads = false;
  const databases = new Set<string>();
  const outside: Level = { isQuery: true, isTableList: false };
  const levels = [outside];
  let isTableNext = false;
  let hasCommonTables = false;
  const readTable = (database: string | null): void => {
    reads = true;
    const found = database === null && hasCommonTables ? null : find(database);
    if (found !== null) databases.add(found);
  };
  while (!statement.atEnd && !callsFunction) {
    const level = levels.at(-1) ?? outside;
    if (statement.takesSign("(")) {
      const isQuery = statement.isAt("SELECT", "WITH", "VALUES", "TABLE");
      isTableNext &&= !isQuery;
      levels.push({ isQuery, isTableList: isTableNext });
    } else if (statement.takesSign(")")) {
      levels.pop();
      isTableNext = false;
    } else if (statement.takesSign(",")) {
      isTableNext = level.isTableList;
    } else if (level.isQuery && statement.takes("FROM")) {
      level.isTableList = true;
      isTableNext = true;
    } else if (statement.takes("TABLE")) {
      isTableNext = true;
    } else if (statement.takes("WITH")) {
      hasCommonTables = true;
    } else if (statement.isAt("JOIN", "STRAIGHT_JOIN")) {
      statement.skip();
      isTableNext = level.isTableList;
    } else if (!statement.isAtName) {
      statement.skip();
    } else if (!(isTableNext && statement.takes("LATERAL"))) {
      if (statement.isAt(...BEHIND_TABLES)) level.isTableList = false;
      const word = statement.keyword();
      const name = statement.name();
      if (statement.isAtSign(".")) {
        statement.skip();
        statement.name();
        callsFunction = statement.isAtSign("(");
        if (isTableNext) readTable(name);
      } else if (statement.isAtSign("(")) {
        callsFunction = word === null || !isOwnWord(word);
      } else if (isTableNext && word !== "DUAL") {
        readTable(null);
      }
      isTableNext = false;
    }
  }
  return { callsFunction, reads, databases };
}
