import { WHOLE_DATABASE } from "../../wire/table-patterns.ts";
import { textDecoder } from "../binlog-format/charsets/decode-text.ts";
import { RowTooLargeError } from "../binlog-format/errors.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { FollowedTables } from "./followed-tables.ts";
import type { QueryEvent } from "./query-event.ts";
import type { Statement } from "./statement.ts";

/** A change of a followed table, or of a database with such tables, by a statement. */
export interface DefinitionChange {
  readonly op: "ddl" | "t";
  readonly database: string;
  /** WHOLE_DATABASE where the database was removed with all its tables. */
  readonly table: string;
  /** The statement is what is after a `ddl`. */
  readonly texts: RowTexts;
}

/**
 * The changes by a statement, one for each table that it names: both names of a renamed table, both
 * tables of an exchange. Null for a table that is not followed: it counts, so that the numbers of
 * the others do not depend on what is followed. Throws RowTooLargeError.
 */
export function changesOf(
  { op, tables, database }: Extract<Statement, { kind: "definition" }>,
  query: QueryEvent,
  followed: FollowedTables,
): (DefinitionChange | null)[] {
  const names = tables.map((name) => ({
    database: followed.nameOf(name.database ?? query.schema),
    table: followed.nameOf(name.table),
  }));
  if (database !== undefined)
    names.push({ database: followed.nameOf(database), table: WHOLE_DATABASE });
  const distinct = new Map(names.map((name) => [`${name.database}\0${name.table}`, name]));
  let texts: RowTexts | null = null;
  return Array.from(distinct.values(), (name) => {
    if (!followed.isDelivered(name.database, name.table)) return null;
    texts ??= RowTexts.of({ after: op === "ddl" ? statementText(query) : "" });
    return { op, ...name, texts };
  });
}

/** A statement becomes several strings in the reader's heap, which has 256 MB. */
const LONGEST_STATEMENT = 16 << 20;

/** The statement as a JSON string. Throws RowTooLargeError. */
function statementText(query: QueryEvent): string {
  if (query.text.length > LONGEST_STATEMENT) {
    throw new RowTooLargeError(
      `a statement about a followed table of more than ${LONGEST_STATEMENT >> 20} MiB`,
    );
  }
  return JSON.stringify(textDecoder(query.dialect.charset)(query.text));
}
