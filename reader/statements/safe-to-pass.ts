import type { FollowedTables } from "./followed-tables.ts";
import { isOwnWord } from "./own-functions.ts";
import type { QueryEvent } from "./query-event.ts";
import { StatementCursor, type TableName } from "./statement-cursor.ts";
import { tableDefinitions } from "./table-definitions.ts";
import { writtenTables } from "./written-tables.ts";

/**
 * Whether a statement that changes rows in statement format leaves all followed tables as they are:
 *
 * - No database whose tables the statement opened holds a followed one. The server lists the
 *   databases of all tables, also of those that views, triggers and functions lead to.
 * - Or it is a CREATE TABLE … SELECT of another table. A new table has no trigger, and MySQL
 *   refuses such a statement if a function that it calls, also in a view, changes a table.
 * - Or every table that the text names as written is harmless by the configuration's word, it calls
 *   no stored function, and the followed databases that were opened are those of harmless tables,
 *   or of which the text names a table, as a checksum's statement does that reads them.
 *
 * Without that word a statement that reads a followed database may change it: the trigger of a
 * table that it writes, or a function in a view that it reads, opens nothing but the same database.
 *
 * Where the server lists no databases (there is the parent of a foreign key among the tables), the
 * third is enough only for statements that add rows while they read another table, and for those
 * that read none.
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
  // MySQL writes the text of a LOAD DATA itself, with escapes in any mode.
  if (verb === "LOAD" && !dialect.backslashEscapes) return false;
  const names = writtenTables(verb, statement)?.map(named) ?? [];
  if (names.length === 0) return false;
  if (!names.every(({ database, table }) => followed.isHarmless(database, table))) return false;
  const { callsFunction, reads, databases } = expressionsOf(verb, query, statement, (name) => {
    // A name without a database may be that of a common table, which is in none.
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
 * Statements that cannot remove or change the children of a foreign key, but for those of rows that
 * they replace.
 */
const ADDING: ReadonlySet<string> = new Set(["INSERT", "REPLACE"]);

interface Expressions {
  /** Whether something is called that is not MySQL's own. */
  readonly callsFunction: boolean;
  /** Whether it reads a table. */
  readonly reads: boolean;
  /** Those of the databases that were looked for of which it reads a table. */
  readonly databases: ReadonlySet<string>;
}

/**
 * Finds the database that a name before a dot means, or that of a table without one (null). Null
 * for one that is not looked for.
 */
type FindDatabase = (name: string | null) => string | null;

/** What the whole statement's text has. `behind` stands behind the tables that it writes. */
function expressionsOf(
  verb: string,
  query: QueryEvent,
  behind: StatementCursor,
  find: FindDatabase,
): Expressions {
  const rest = expressions(behind, find);
  switch (verb) {
    // Before the table stands nothing else, and behind it its columns, which look like a call.
    case "INSERT":
    case "REPLACE":
    case "LOAD":
      return rest;
    default: {
      const whole = new StatementCursor(query.text, query.dialect);
      const all = expressions(whole, find);
      // The FROM of a DELETE is that of the tables which it writes.
      const read = verb === "DELETE" || verb === "WITH" ? rest : all;
      return { ...read, callsFunction: all.callsFunction };
    }
  }
}

/** Keywords behind which a query's list of tables is over. */
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

/** What is known within a parenthesis, or outside of all. */
interface Level {
  /** Whether a FROM names tables here: not that of TRIM(x FROM y). */
  readonly isQuery: boolean;
  /** Whether a comma or JOIN is followed by a table. */
  isTableList: boolean;
}

/**
 * Looks for calls, and for tables where a query names them: behind FROM, TABLE, JOIN and commas.
 */
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
