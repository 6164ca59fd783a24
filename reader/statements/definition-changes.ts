import { WHOLE_DATABASE } from "../../wire/table-patterns.ts";
import { textDecoder } from "../binlog-format/charsets/decode-text.ts";
import { RowTooLargeError } from "../binlog-format/errors.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { FollowedTables } from "./followed-tables.ts";
import type { QueryEvent } from "./query-event.ts";
import type { Statement } from "./statement.ts";

/** A change that a statement makes to a followed table, or to a database with followed tables. */
export interface DefinitionChange {
  readonly op: "ddl" | "t";
  readonly database: string;
  /** WHOLE_DATABASE when the database was dropped with all its tables. */
  readonly table: string;
  /** For `ddl`, "after" is the statement. */
  readonly texts: RowTexts;
}

/**
 * The changes by a statement, one for each table that it names, including both names of a renamed
 * table and both tables of an exchange. null stands for a table that is not followed, so the
 * numbers of the other changes do not depend on which tables are followed. Throws RowTooLargeError.
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

/** The longest statement, bytes. The reader makes several strings of it, in a heap of 256 MB. */
const LONGEST_STATEMENT = 16 << 20;

/** The statement as a JSON string. Throws RowTooLargeError. */
function statementText(query: QueryEvent): string {
  if (query.text.length > LONGEST_STATEMENT) {
    throw new RowTooLargeError(
      `a statement about a followed table is longer than ${LONGEST_STATEMENT >> 20} MiB`,
    );
  }
  return JSON.stringify(textDecoder(query.dialect.charset)(query.text));
}
