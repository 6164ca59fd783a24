import { verifyChecksum } from "../binlog-format/events/checksum.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import { type EventHeader, parseEventHeader } from "../binlog-format/events/event-header.ts";
import {
  EventType,
  eventTypeName,
  isRowsEvent,
  mustNotBeIgnored,
} from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { parseGtidEvent } from "../binlog-format/events/gtid-event.ts";
import { forEachRow } from "../binlog-format/rows/rows-event.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import {
  isLargePayload,
  streamTransactionPayload,
  transactionPayloadEvents,
} from "../binlog-format/events/transaction-payload.ts";
import {
  parseQuery,
  parseRotate,
  parseXaPrepare,
  type QueryEvent,
} from "../binlog-format/events/control-events.ts";
import { CurrentTransaction } from "./current-transaction.ts";
import { definitionChanges } from "./definition-changes.ts";
import { unreadableBinlog } from "./unreadable-binlog.ts";
import { statementKind } from "./statement-kind.ts";
import { EventPosition } from "./binlog-position.ts";
import { ServerRun, type ServerRunOptions } from "./server-run.ts";
import { TableMaps } from "./table-maps.ts";
import type { ChangeSink, Transaction } from "./transaction.ts";
import { type XaOptions, XaTransactions } from "./xa-transactions.ts";

export interface TransactionReaderOptions extends ServerRunOptions, XaOptions {
  readonly isWanted: (database: string, table: string) => boolean;
  /** The session ledger's table: its rows go to `onLedgerRow` and no further. */
  readonly isLedger: (database: string, table: string) => boolean;
  /** Takes a row of the ledger, as JSON; "" for a deleted one. */
  readonly onLedgerRow: (transaction: Transaction, row: string) => void;
  /** Called after each event with the position where it ends. */
  readonly onRead: (fileNumber: number, offset: number) => void;
  readonly sink: ChangeSink;
  /** Whether events end with a checksum before a format description says so. */
  readonly checksums: boolean;
  /** Whether rows come with their table's definition. */
  readonly columns: boolean;
  /** A position that was passed in an earlier dump. */
  readonly passed: { readonly file: string; readonly offset: number } | null;
}

/**
 * Follows the binlog's events and keeps what they leave implicit: the file and offset, the server run, the table maps, and
 * the transaction that the rows belong to. The thread id comes with a transaction's first event and holds for all that
 * follow it up to the commit.
 */
export class TransactionReader {
  readonly #options: TransactionReaderOptions;
  readonly #position = new EventPosition();
  readonly #tables: TableMaps;
  readonly #run: ServerRun;
  readonly #current: CurrentTransaction;
  #checksums: boolean;

  constructor(options: TransactionReaderOptions) {
    this.#options = options;
    this.#checksums = options.checksums;
    this.#run = new ServerRun(options);
    const xa = new XaTransactions(options);
    const { isWanted, isLedger, sink } = options;
    this.#current = new CurrentTransaction({ position: this.#position, run: this.#run, xa, sink });
    this.#tables = new TableMaps(
      (database, table) => isLedger(database, table) || isWanted(database, table),
    );
  }

  /** The run whose events are being read; null before the first file is known. */
  get run(): number | null {
    return this.#run.present;
  }

  /**
   * Takes the next event of the dump. A promise is returned for one that takes its time, a large compressed transaction: the
   * next event is to wait for it. Throws, or rejects with, UnreadableBinlogError where going on could lose or garble a
   * change.
   */
  onEvent(event: Buffer): void | Promise<void> {
    try {
      const header = parseEventHeader(event);
      if (header.type === EventType.FORMAT_DESCRIPTION_EVENT) {
        this.#position.advance(header);
        this.#onFormatDescription(event);
      } else {
        const body = this.#checksums ? verifyChecksum(event) : event;
        this.#position.advance(header);
        if (isLargePayload(header, body)) return this.#onLargePayload(body);
        this.#onBody(header, body);
      }
      this.#options.onRead(this.#position.fileNumber, this.#position.end);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  #onFormatDescription(event: Buffer): void {
    const description = parseFormatDescription(event);
    if (description.checksums) verifyChecksum(event);
    this.#checksums = description.checksums;
    this.#tables.clear();
    this.#run.entersFile(this.#position.fileNumber, description.created !== 0);
  }

  #onBody(header: EventHeader, event: Buffer): void {
    switch (header.type) {
      case EventType.ROTATE_EVENT: {
        const { file, offset } = parseRotate(event);
        this.#position.enterFile(file, offset);
        return;
      }
      case EventType.GTID_LOG_EVENT:
      case EventType.GTID_TAGGED_LOG_EVENT:
      case EventType.ANONYMOUS_GTID_LOG_EVENT:
        if (this.#options.passed !== null) this.#position.isBehind(this.#options.passed);
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

  /** A compressed transaction is one event of the file: the position stays, and rows count on through all it contains. */
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
      this.#options.onRead(this.#position.fileNumber, this.#position.end);
    } catch (error) {
      throw this.#unreadable(error);
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
    if (this.#options.isLedger(database, table)) {
      forEachRow(event, decoder, (_op, texts) =>
        this.#options.onLedgerRow(transaction, texts.after),
      );
      return;
    }
    const definition = this.#options.columns ? decoder.definition : undefined;
    forEachRow(event, decoder, (op, texts) =>
      this.#current.change(op, database, table, texts, definition),
    );
  }

  #unreadable(error: unknown): unknown {
    return unreadableBinlog(error, { file: this.#position.file, offset: this.#position.start });
  }
}
