import { RowTooLargeError } from "../binlog-format/errors.ts";
import type { EventHeader } from "../binlog-format/events/event-header.ts";
import { changesOf } from "../statements/definition-changes.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import type { NameHistory } from "../statements/name-history.ts";
import type { QueryEvent } from "../statements/query-event.ts";
import { isSafeToPass } from "../statements/safe-to-pass.ts";
import { readStatement, type Statement } from "../statements/statement.ts";
import type { CurrentTransaction } from "./current-transaction.ts";
import type { TableMaps } from "./table-maps.ts";
import {
  type Complaint,
  rolledBack,
  rowStatement,
  temporaryTable,
  tooLarge,
  tooManyNames,
  unknownStatement,
} from "./unreadable-transaction.ts";

interface StatementEventsOptions {
  readonly followed: FollowedTables;
  readonly current: CurrentTransaction;
  readonly tables: TableMaps;
  readonly names: NameHistory;
  /**
   * Makes the reader stop at the end of the transaction. `isAtEnd`: the statement is its last
   * event.
   */
  readonly cannotRead: (complaint: Complaint, isAtEnd?: boolean) => void;
}

type StatementOfTables = Extract<
  Statement,
  { kind: "rows" | "unknown" | "unrelated" | "definition" }
>;

/** Applies the statements in the binlog to the transaction that is being read. */
export class StatementEvents {
  readonly #options: StatementEventsOptions;

  constructor(options: StatementEventsOptions) {
    this.#options = options;
  }

  /** Handles a QUERY_EVENT or EXECUTE_LOAD_QUERY_EVENT. */
  take(header: EventHeader, query: QueryEvent): void {
    const { current, tables, cannotRead } = this.#options;
    const statement = readStatement(query);
    switch (statement.kind) {
      case "begin":
        return current.begin(header, query.thread);
      case "commit":
        return current.commit();
      case "savepoint":
        return;
      case "rollback":
        if (current.hasChanges) return cannotRead(rolledBack("ROLLBACK"), true);
        return current.commit();
      case "rollback-to-savepoint":
        if (current.hasChanges) cannotRead(rolledBack("ROLLBACK TO SAVEPOINT"));
        return;
      case "xa":
        return current.onXaStatement(header, query.thread, statement.verb, statement.xid);
      case "rows":
      case "unknown":
      case "unrelated":
      case "definition":
        tables.clear();
        // Inside a transaction these are the definition at the beginning of a CREATE TABLE …
        // SELECT, or changes of rows in statement format.
        if (current.isOpen) return this.#onStatement(query, statement);
        current.begin(header, query.thread, query.emptiesMemoryTable);
        this.#onStatement(query, statement, true);
        return current.commit();
      default:
        return statement satisfies never;
    }
  }

  /** `isWhole`: the statement is its transaction's only event. */
  #onStatement(query: QueryEvent, statement: StatementOfTables, isWhole = false): void {
    const { followed, current, cannotRead } = this.#options;
    switch (statement.kind) {
      case "unrelated":
        return;
      case "unknown":
        return cannotRead(unknownStatement(statement.verb), isWhole);
      case "rows":
        if (isSafeToPass(statement.verb, query, followed)) return;
        return cannotRead(rowStatement(statement.verb), isWhole);
      case "definition":
        try {
          const changes = changesOf(statement, query, followed);
          const isOfFollowed = changes.some((change) => change !== null);
          if (statement.op === "t" && isOfFollowed && query.mayEmptyTemporaryTable)
            return cannotRead(temporaryTable(), isWhole);
          for (const change of changes) {
            if (change === null) current.pass(1);
            else current.change(change.op, change.database, change.table, change.texts, undefined);
          }
          if (!this.#remembersNames(statement, query)) cannotRead(tooManyNames(), isWhole);
        } catch (error) {
          if (!(error instanceof RowTooLargeError)) throw error;
          cannotRead(tooLarge(error), isWhole);
        }
        return;
      default:
        return statement satisfies never;
    }
  }

  /** Returns false when the names are too many to save. */
  #remembersNames(
    { names, database }: Extract<Statement, { kind: "definition" }>,
    { schema }: QueryEvent,
  ): boolean {
    if (names === undefined && database === undefined) return true;
    const { followed, names: history } = this.#options;
    history.apply(
      names ?? [],
      (name) => [followed.nameOf(name.database ?? schema), followed.nameOf(name.table)],
      database === undefined ? undefined : followed.nameOf(database),
      ([inDatabase, table]) => followed.mayBeDelivered(inDatabase, table),
    );
    return !history.isFull;
  }
}
