import type { Author } from "../../wire/session.ts";
import { verifyChecksum } from "../binlog-format/checksum.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import { type EventHeader, parseEventHeader } from "../binlog-format/event-header.ts";
import {
  EventType,
  eventTypeName,
  isRowsEvent,
  mustNotBeIgnored,
} from "../binlog-format/event-types.ts";
import { parseFormatDescription } from "../binlog-format/format-description.ts";
import { parseGtidEvent } from "../binlog-format/gtid-event.ts";
import { forEachRow, type RowsDecoder } from "../binlog-format/rows-event.ts";
import { RowTexts } from "../binlog-format/row-texts.ts";
import {
  streamTransactionPayload,
  transactionPayloadEvents,
} from "../binlog-format/transaction-payload.ts";
import { parseRegistration } from "../sessions/registration.ts";
import {
  parseQuery,
  parseRotate,
  parseXaPrepare,
  type QueryEvent,
} from "../source/control-events.ts";
import { CurrentTransaction } from "./current-transaction.ts";
import { definitionChanges } from "./definition-changes.ts";
import { isLargePayload } from "./large-payload.ts";
import { placedError } from "./placed-error.ts";
import { statementKind } from "./statement-kind.ts";
import { StreamPlace } from "./stream-place.ts";
import { StreamRun, type StreamRunOptions } from "./stream-run.ts";
import { TableMaps } from "./table-maps.ts";
import type { ChangeSink, Transaction } from "./transaction.ts";
import { type XaOptions, XaTransactions } from "./xa-transactions.ts";

export interface TransactionReaderOptions extends StreamRunOptions, XaOptions {
  readonly isWanted: (database: string, table: string) => boolean;
  /** The session ledger's table: its rows are taken as registrations and go no further. */
  readonly isLedger: (database: string, table: string) => boolean;
  /** Takes a row of the ledger: from its transaction on, its connection is this author's. */
  readonly onRegistration: (transaction: Transaction, author: Author) => void;
  /** Told how far the stream was read, after each event. */
  readonly onRead: (fileNumber: number, offset: number) => void;
  readonly sink: ChangeSink;
  /** Whether events end with a checksum before a format description says so. */
  readonly checksums: boolean;
  /** Whether rows come with their table's definition. */
  readonly columns: boolean;
  /** A place that was passed in an earlier dump. */
  readonly passed: { readonly file: string; readonly offset: number } | null;
}

/**
 * Follows the binlog's events and keeps what they leave implicit: the file and offset, the server run, the table maps, and
 * the transaction that the rows belong to. The thread id comes with a transaction's first event and holds for all that
 * follow it up to the commit.
 */
export class TransactionReader {
  readonly #options: TransactionReaderOptions;
  readonly #place = new StreamPlace();
  readonly #tables: TableMaps;
  readonly #run: StreamRun;
  readonly #current: CurrentTransaction;
  #checksums: boolean;

  constructor(options: TransactionReaderOptions) {
    this.#options = options;
    this.#checksums = options.checksums;
    this.#run = new StreamRun(options);
    const xa = new XaTransactions(options);
    const { isWanted, isLedger, sink } = options;
    this.#current = new CurrentTransaction({ place: this.#place, run: this.#run, xa, sink });
    this.#tables = new TableMaps(
      (database, table) => isLedger(database, table) || isWanted(database, table),
    );
  }

  /** The run in which the stream is, null before its first file is known. */
  get run(): number | null {
    return this.#run.present;
  }

  /**
   * Takes the stream's next event. A promise is returned for one that takes its time, a large compressed transaction: the
   * next event is to wait for it. Throws, or rejects with, UnreadableStreamError where going on could lose or garble a
   * change.
   */
  onEvent(event: Buffer): void | Promise<void> {
    try {
      const header = parseEventHeader(event);
      if (header.type === EventType.FORMAT_DESCRIPTION_EVENT) {
        this.#place.advance(header);
        this.#onFormatDescription(event);
      } else {
        const body = this.#checksums ? verifyChecksum(event) : event;
        this.#place.advance(header);
        if (isLargePayload(header, body)) return this.#onLargePayload(body);
        this.#onBody(header, body);
      }
      this.#options.onRead(this.#place.fileNumber, this.#place.end);
    } catch (error) {
      throw this.#placed(error);
    }
  }

  #onFormatDescription(event: Buffer): void {
    const description = parseFormatDescription(event);
    if (description.checksums) verifyChecksum(event);
    this.#checksums = description.checksums;
    this.#tables.clear();
    this.#run.entersFile(this.#place.fileNumber, description.created !== 0);
  }

  #onBody(header: EventHeader, event: Buffer): void {
    switch (header.type) {
      case EventType.ROTATE_EVENT: {
        const { file, offset } = parseRotate(event);
        this.#place.enterFile(file, offset);
        return;
      }
      case EventType.GTID_LOG_EVENT:
      case EventType.GTID_TAGGED_LOG_EVENT:
      case EventType.ANONYMOUS_GTID_LOG_EVENT:
        if (this.#options.passed !== null) this.#place.isBehind(this.#options.passed);
        return this.#current.announce(parseGtidEvent(event));
      case EventType.QUERY_EVENT:
        return this.#onQuery(header, event);
      case EventType.TABLE_MAP_EVENT:
        return this.#tables.onTableMap(event);
      case EventType.XID_EVENT:
        return this.#current.commit();
      case EventType.XA_PREPARE_LOG_EVENT:
        return this.#current.onXaPrepare(parseXaPrepare(event));
      case EventType.TRANSACTION_PAYLOAD_EVENT:
        return this.#onPayload(event);
      case EventType.INTVAR_EVENT:
      case EventType.RAND_EVENT:
      case EventType.USER_VAR_EVENT:
        return; // context of a statement, which follows and is judged itself
      default:
        if (isRowsEvent(header.type) && header.type !== EventType.PARTIAL_UPDATE_ROWS_EVENT)
          return this.#onRows(event);
        if (header.type === EventType.PARTIAL_UPDATE_ROWS_EVENT) {
          throw new UnsupportedEventError(
            "an update logged in part (binlog_row_value_options=PARTIAL_JSON)",
          );
        }
        if (mustNotBeIgnored(header.type, header.flags)) {
          throw new UnsupportedEventError(
            `a ${eventTypeName(header.type)}, which may carry changes`,
          );
        }
    }
  }

  /** A compressed transaction is one event of the file: the place stays, and rows count on through all it contains. */
  #onPayload(payload: Buffer): void {
    for (const event of transactionPayloadEvents(payload))
      this.#onBody(parseEventHeader(event), event);
  }

  /** The same without having all of it in memory: it is decompressed as fast as its changes are sent. */
  async #onLargePayload(payload: Buffer): Promise<void> {
    try {
      for await (const event of streamTransactionPayload(Buffer.from(payload))) {
        this.#onBody(parseEventHeader(event), event);
        await this.#options.sink.relief();
      }
      this.#options.onRead(this.#place.fileNumber, this.#place.end);
    } catch (error) {
      throw this.#placed(error);
    }
  }

  #onQuery(header: EventHeader, event: Buffer): void {
    const query = parseQuery(event);
    const statement = statementKind(query.sql);
    switch (statement.kind) {
      case "begin":
        return this.#current.begin(header, query.thread);
      case "commit":
        return this.#current.commit();
      case "savepoint":
        return;
      case "rollback":
        if (this.#current.hasChanges)
          throw new UnsupportedEventError("a transaction that ends with ROLLBACK after rows");
        return this.#current.commit();
      case "rollback-to-savepoint":
        if (this.#current.hasChanges)
          throw new UnsupportedEventError("a ROLLBACK TO SAVEPOINT after rows");
        return;
      case "xa":
        return this.#current.onXaStatement(header, query.thread, statement.verb, statement.xid);
      case "statement-rows":
        throw new UnsupportedEventError(
          "a statement that changes rows, logged in statement format",
        );
      case "definition":
        this.#tables.clear();
        // Inside a transaction it is CREATE TABLE … SELECT, whose rows and commit follow.
        if (this.#current.isOpen) return this.#onDefinition(query);
        this.#current.begin(header, query.thread);
        this.#onDefinition(query);
        return this.#current.commit();
      default:
        return statement satisfies never;
    }
  }

  /** A change for each wanted table that the statement defines anew, or empties. */
  #onDefinition({ sql, schema }: QueryEvent): void {
    const { isWanted, isLedger } = this.#options;
    for (const { op, database, table } of definitionChanges(sql, schema)) {
      if (!isWanted(database, table) || isLedger(database, table)) continue;
      const texts = RowTexts.of({ after: op === "ddl" ? JSON.stringify(sql) : "" });
      this.#current.change(op, database, table, texts, undefined);
    }
  }

  #onRows(event: Buffer): void {
    const decoder = this.#tables.decoderFor(event);
    if (decoder === null) return;
    const { transaction } = this.#current;
    const { database, table } = decoder.definition;
    if (this.#options.isLedger(database, table))
      return this.#onLedgerRows(event, decoder, transaction);
    const definition = this.#options.columns ? decoder.definition : undefined;
    forEachRow(event, decoder, (op, texts) =>
      this.#current.change(op, database, table, texts, definition),
    );
  }

  #onLedgerRows(event: Buffer, decoder: RowsDecoder, transaction: Transaction): void {
    forEachRow(event, decoder, (_op, texts) => {
      const registration = parseRegistration(texts.after);
      // A row for another connection is no registration: somebody restores a copy of the table.
      if (registration?.thread !== transaction.thread) return;
      this.#options.onRegistration(transaction, registration.author);
    });
  }

  #placed(error: unknown): unknown {
    return placedError(error, { file: this.#place.file, offset: this.#place.start });
  }
}
