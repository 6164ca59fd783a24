import type { EventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import type { RowTooLargeError } from "../binlog-format/errors.ts";
import { type Unreadable, UnreadableTransactionError } from "../reporting/errors.ts";
import { QueryEvent } from "../statements/query-event.ts";
import { readStatement } from "../statements/statement.ts";

/**
 * A transaction with unreadable content. The reader stops only at the transaction's end, from which
 * an operator can let it continue.
 */
export class UnreadableTransaction {
  readonly #unreadable: Unreadable;

  constructor(unreadable: Unreadable) {
    this.#unreadable = unreadable;
  }

  /** The error with which the reader stops. */
  endsAt(end: number): UnreadableTransactionError {
    return new UnreadableTransactionError(this.#unreadable, end);
  }

  /**
   * Skips an event after the unreadable one. Throws UnreadableTransactionError at the transaction's
   * end.
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
      // The next transaction begins without an end of this one.
      case EventType.GTID_LOG_EVENT:
      case EventType.GTID_TAGGED_LOG_EVENT:
      case EventType.ANONYMOUS_GTID_LOG_EVENT:
        throw this.endsAt(start);
      default:
    }
  }
}

/** The texts about unreadable content, see `Unreadable`. */
export type Complaint = Pick<Unreadable, "what" | "advice">;

const USE_ROWS =
  "Set binlog_format = 'ROW' for every session. If the session writes tables that lead to no followed table, you can list them in source.statementTables instead (docs/statements.md).";

/** For a statement that changes rows. */
export function rowStatement(verb: string): Complaint {
  const statement = verb === "CREATE" ? "CREATE TABLE … SELECT" : verb;
  return {
    what: `the statement changes rows and is logged in statement format (${statement}): it may change followed tables, and the binlog does not say which rows`,
    advice: USE_ROWS,
  };
}

/** For a TRUNCATE TABLE that may concern a temporary table. */
export function temporaryTable(): Complaint {
  return {
    what: "the statement is a TRUNCATE TABLE in statement format, of a followed table or of a temporary one with the same name",
    advice:
      "Set binlog_format = 'ROW' for every session: statements about temporary tables are not logged then.",
  };
}

/** For a statement of an unknown kind. */
export function unknownStatement(verb: string): Complaint {
  const beginning = verb === "" ? "does not begin with a keyword" : `begins with ${verb}`;
  return {
    what: `the statement is of a kind that this reader does not know (it ${beginning})`,
    advice: "Find out with mysqlbinlog what it does to followed tables.",
  };
}

/** For a logged transaction with changes that were rolled back. */
export function rolledBack(statement: string): Complaint {
  return {
    what: `the transaction contains a ${statement} after rows`,
    advice: "Do not change transactional and non-transactional tables in one transaction.",
  };
}

/** For a statement that gives one more filtered table another name. */
export function tooManyNames(): Complaint {
  return {
    what: "the statement renames a table or column for which a subscriber has a filter, and the reader cannot save another former name: it saves 80,000 bytes of them",
    advice:
      "Give the filters patterns that also choose the new names (in columns shop.log*.email, in where shop.log*), and deploy. The reader then saves fewer names and reads on by itself. If you continue without that, the subscriber gets the renamed table unfiltered.",
  };
}

/** For a row, or a statement about a table, that is too large. */
export function tooLarge(error: RowTooLargeError, table?: string): Complaint {
  return {
    what: `${error.message}${table === undefined ? "" : `, in ${table}`}`,
    advice: "Store such values elsewhere, or leave the table out of source.tables.",
  };
}
