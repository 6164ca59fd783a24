import type { FollowedTables } from "./followed-tables.ts";
import { isOwnWord } from "./own-functions.ts";
import type { QueryEvent } from "./query-event.ts";
import { StatementCursor, type TableName } from "./statement-cursor.ts";
import { tableDefinitions } from "./table-definitions.ts";
import { writtenTables } from "./written-tables.ts";

/**
 * Whether a statement that changes rows in statement format leaves all followed tables as they are,
 * for certain:
 *
 * - No database whose tables the statement opened holds a followed one. The server lists the
 *   databases of all tables, also
 *   of those that views, triggers and functions lead to.
 * - Or the text names every table that is written, each in a database without followed tables; it
 *   calls no stored
 *   function; and the followed tables that were opened are in databases of which the text names a table, as a checksum's
 *   statement does that reads them.
 *
 * Where the server lists no databases (there is the parent of a foreign key among the tables), the
 * second is enough only for statements that add rows while they read another table.
 */
export function isSafeToPass(verb: string, query: QueryEvent, followed: FollowedTables): boolean {
  const { databases } = query;
  const opened =
    databases?.filter((name) => followed.isDatabaseRead(followed.nameOf(name))) ?? null;
  if (opened?.length === 0) return true;

  const statement = new StatementCursor(query.text, query.dialect);
  statement.skip();
  const written = verb === "CREATE" ? filledTables(statement) : writtenTables(verb, statement);
  if (written === null) return false;
  const isElsewhere = ({ database }: TableName): boolean =>
    !followed.isDatabaseRead(followed.nameOf(database ?? query.schema));
  if (!written.every(isElsewhere)) return false;
  // Behind the table of an INSERT its columns stand in parentheses, which look like a call.
  const isBehindTable = verb === "INSERT" || verb === "REPLACE";
  const rest = isBehindTable ? statement : new StatementCursor(query.text, query.dialect);
  const { callsFunction, reads, qualifiers } = expressions(rest, new Set(opened));
  if (callsFunction) return false;
  if (opened === null) return ADDING.has(verb) && reads;
  return opened.every((name) => qualifiers.has(name) || (reads && name === query.schema));
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
  /** Which of the names that were looked for stand before a dot. */
  readonly qualifiers: ReadonlySet<string>;
}

function expressions(statement: StatementCursor, wanted: ReadonlySet<string>): Expressions {
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
      if (name !== null && wanted.has(name)) qualifiers.add(name);
      statement.skip();
      statement.name();
      callsFunction = statement.isAtSign("(");
    } else if (statement.isAtSign("(")) {
      callsFunction = word === null || !isOwnWord(word);
    }
  }
  return { callsFunction, reads, qualifiers };
}
