import type { EventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import type { RowTooLargeError } from "../binlog-format/errors.ts";
import { type Unreadable, UnreadableTransactionError } from "../reporting/errors.ts";
import { QueryEvent } from "../statements/query-event.ts";
import { readStatement } from "../statements/statement.ts";

/**
 * A transaction with something that cannot be read. Its end is waited for, because an operator goes
 * on there.
 */
export class UnreadableTransaction {
  readonly #unreadable: Unreadable;

  constructor(unreadable: Unreadable) {
    this.#unreadable = unreadable;
  }

  /** The error that the reader stops with. */
  endsAt(end: number): UnreadableTransactionError {
    return new UnreadableTransactionError(this.#unreadable, end);
  }

  /**
   * Passes over an event behind the statement. Throws UnreadableTransactionError at the
   * transaction's end.
   */
  passes(
    { type }: EventHeader,
    event: Buffer,
    { start, end }: { readonly start: number; readonly end: number },
  ): void {
    switch (type) {
      case EventType.XID_EVENT:
      case EventType.XA_PREPARE_LOG_EVENT:
        throw this.endsAt(end);
      case EventType.QUERY_EVENT: {
        const { kind } = readStatement(QueryEvent.parse(event));
        if (kind === "commit" || kind === "rollback") throw this.endsAt(end);
        return;
      }
      // The next transaction begins although this one had no end.
      case EventType.GTID_LOG_EVENT:
      case EventType.GTID_TAGGED_LOG_EVENT:
      case EventType.ANONYMOUS_GTID_LOG_EVENT:
        throw this.endsAt(start);
      default:
    }
  }
}

/** What is said of something that cannot be read, see `Unreadable`. */
export type Complaint = Pick<Unreadable, "what" | "advice">;

const USE_ROWS =
  "Set binlog_format = 'ROW' for every session, or list the tables that the session writes in source.statementTables if they lead to no followed table (docs/statements.md).";

/** Of a statement that changes rows. */
export function rowStatement(verb: string): Complaint {
  const statement = verb === "CREATE" ? "CREATE TABLE … SELECT" : verb;
  return {
    what: `the statement is a change of rows in statement format (${statement}): it may change followed tables, and does not say which rows`,
    advice: USE_ROWS,
  };
}

/** Of a TRUNCATE TABLE that may be that of a temporary table. */
export function temporaryTable(): Complaint {
  return {
    what: "the statement is a TRUNCATE TABLE in statement format, of a followed table or of a temporary one with the same name",
    advice:
      "Set binlog_format = 'ROW' for every session: what it does to temporary tables is not logged then.",
  };
}

/** Of a statement that is not recognised. */
export function unknownStatement(verb: string): Complaint {
  const beginning = verb === "" ? "does not begin with a keyword" : `begins with ${verb}`;
  return {
    what: `the statement is of a kind that this reader does not know (it ${beginning})`,
    advice: "Find out with mysqlbinlog what it does to followed tables.",
  };
}

/** Of rows that were rolled back in a transaction that is logged nevertheless. */
export function rolledBack(statement: string): Complaint {
  return {
    what: `the transaction has a ${statement} after rows`,
    advice: "Do not change transactional and other tables in one transaction.",
  };
}

/** Of a row, or of a statement about a table, that is too large. */
export function tooLarge(error: RowTooLargeError, table?: string): Complaint {
  return {
    what: `there is ${error.message}${table === undefined ? "" : ` in ${table}`}`,
    advice: "Keep such values elsewhere, or leave their table out of the source's tables.",
  };
}
