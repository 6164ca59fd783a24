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
 * - Or the text names every table that is written: each in a database without followed tables, or
 *   harmless by the configuration's word; it calls no stored function; and the followed databases
 *   that were opened are those of harmless tables, or of which the text names a table, as a
 *   checksum's statement does that reads them.
 *
 * Where the server lists no databases (there is the parent of a foreign key among the tables), the
 * second is enough only for statements that add rows while they read another table, and for those
 * that write harmless tables and read none.
 */
export function isSafeToPass(verb: string, query: QueryEvent, followed: FollowedTables): boolean {
  const opened =
    query.databases
      ?.map((name) => followed.nameOf(name))
      .filter((name) => followed.isDatabaseRead(name)) ?? null;
  if (opened?.length === 0) return true;

  const statement = new StatementCursor(query.text, query.dialect);
  statement.skip();
  const schema = followed.nameOf(query.schema);
  const written = verb === "CREATE" ? filledTables(statement) : writtenTables(verb, statement);
  const names = written?.map(({ database, table }) => ({
    database: database === null ? schema : followed.nameOf(database),
    table: followed.nameOf(table),
  }));
  if (names === undefined) return false;
  const harmless = names.filter(({ database, table }) => followed.isHarmless(database, table));
  const isElsewhere = names.every(
    (name) => harmless.includes(name) || !followed.isDatabaseRead(name.database),
  );
  if (!isElsewhere) return false;
  const { callsFunction, reads, qualifiers } = expressionsOf(verb, query, statement, (name) => {
    const found = followed.nameOf(name);
    return opened?.includes(found) === true ? found : null;
  });
  if (callsFunction) return false;
  if (opened === null) return reads ? ADDING.has(verb) : harmless.length === names.length;
  return opened.every(
    (name) =>
      qualifiers.has(name) ||
      (reads && name === schema) ||
      harmless.some(({ database }) => database === name),
  );
}

/**
 * Statements that cannot remove or change the children of a foreign key, but for those of rows that
 * they replace.
 */
const ADDING: ReadonlySet<string> = new Set(["INSERT", "REPLACE", "CREATE"]);

function filledTables(statement: StatementCursor): readonly TableName[] | null {
  return tableDefinitions("CREATE", statement)?.tables ?? null;
}

interface Expressions {
  /** Whether something is called that is not MySQL's own. */
  readonly callsFunction: boolean;
  /** Whether it reads a table. */
  readonly reads: boolean;
  /** Which of the databases that were looked for stand before a dot. */
  readonly qualifiers: ReadonlySet<string>;
}

/** Finds the database that a name before a dot means; null for one that is not looked for. */
type FindDatabase = (name: string) => string | null;

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
      const all = expressions(new StatementCursor(query.text, query.dialect), find);
      // The FROM of a DELETE is that of the table which it writes.
      const isRead = verb === "CREATE" ? all.reads : verb !== "WITH" && rest.reads;
      return { ...all, reads: isRead };
    }
  }
}

function expressions(statement: StatementCursor, find: FindDatabase): Expressions {
  let callsFunction = false;
  let reads = false;
  const qualifiers = new Set<string>();
  while (!statement.atEnd && !callsFunction) {
    reads ||= statement.isAt("FROM", "JOIN");
    if (!statement.isAtName) {
      statement.skip();
      continue;
    }
    const word = statement.keyword();
    const name = statement.name();
    if (statement.isAtSign(".")) {
      const database = name === null ? null : find(name);
      if (database !== null) qualifiers.add(database);
      statement.skip();
      statement.name();
      callsFunction = statement.isAtSign("(");
    } else if (statement.isAtSign("(")) {
      callsFunction = word === null || !isOwnWord(word);
    }
  }
  return { callsFunction, reads, qualifiers };
}
