import type { EventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { UnreadableStatementError } from "../reporting/errors.ts";
import { QueryEvent } from "../statements/query-event.ts";
import { readStatement } from "../statements/statement.ts";

/** A transaction with a statement that cannot be read. Its end is waited for, because an operator goes on there. */
export class UnreadableTransaction {
  readonly #what: string;
  readonly #place: { readonly gtid: string | null; readonly file: string; readonly offset: number };

  /** `what`: the statement's kind and why it cannot be read. `place`: the transaction's GTID, and where the statement is. */
  constructor(
    what: string,
    place: { readonly gtid: string | null; readonly file: string; readonly offset: number },
  ) {
    this.#what = what;
    this.#place = place;
  }

  /** The error that the reader stops with. */
  endsAt(end: number): UnreadableStatementError {
    return new UnreadableStatementError(this.#what, this.#place, end);
  }

  /** Passes over an event behind the statement. Throws UnreadableStatementError at the transaction's end. */
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

/** What the error says of a statement that changes rows. */
export function rowStatement(verb: string): string {
  const statement = verb === "CREATE" ? "CREATE TABLE … SELECT" : verb;
  return `the statement is a change of rows in statement format (${statement}): it may change followed tables, and does not say which rows`;
}

/** What the error says of a statement that is not recognised. */
export function unknownStatement(verb: string): string {
  const beginning = verb === "" ? "does not begin with a keyword" : `begins with ${verb}`;
  return `the statement is of a kind that this reader does not know (it ${beginning})`;
}
