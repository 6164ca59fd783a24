import type { Operation } from "../../wire/frame.ts";
import { verifyChecksum } from "../binlog-format/events/checksum.ts";
import { RowTooLargeError, UnsupportedEventError } from "../binlog-format/errors.ts";
import { type EventHeader, parseEventHeader } from "../binlog-format/events/event-header.ts";
import {
  EventType,
  eventTypeName,
  isRowsEvent,
  mustNotBeIgnored,
} from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { parseGtidEvent } from "../binlog-format/events/gtid-event.ts";
import { RowCounter } from "../binlog-format/rows/row-counter.ts";
import { forEachRow } from "../binlog-format/rows/rows-event.ts";
import {
  isLargePayload,
  streamTransactionPayload,
  transactionPayloadEvents,
} from "../binlog-format/events/transaction-payload.ts";
import { parseRotate, parseXaPrepare } from "../binlog-format/events/control-events.ts";
import type { FollowedTables } from "../statements/followed-tables.ts";
import { isBegin, QueryEvent, threadOf } from "../statements/query-event.ts";
import { CurrentTransaction } from "./current-transaction.ts";
import { unreadableBinlog } from "./unreadable-binlog.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { type BinlogPosition, EventPosition, isArtificial, isBefore } from "./binlog-position.ts";
import { FileSequence } from "./file-sequence.ts";
import type { KnownFiles } from "./known-files.ts";
import { ServerRun, type ServerRunOptions } from "./server-run.ts";
import { StatementEvents } from "./statement-events.ts";
import { TableMaps } from "./table-maps.ts";
import type { Anchor, ChangeSink, Transaction } from "./transaction.ts";
import { type Complaint, tooLarge, UnreadableTransaction } from "./unreadable-transaction.ts";
import { type XaOptions, XaTransactions } from "./xa-transactions.ts";

export interface TransactionReaderOptions extends ServerRunOptions, XaOptions {
  readonly followed: FollowedTables;
  /** Takes a changed row of the ledger's table, as JSON; "" for a deleted one. */
  readonly onLedgerRow: (transaction: Transaction, op: Operation, row: string) => void;
  /** Called after each event with the position where it ends. */
  readonly onRead: (fileNumber: number, offset: number) => void;
  readonly sink: ChangeSink;
  /** Whether events end with a checksum before a format description says so. */
  readonly checksums: boolean;
  /** Whether rows come with their table's definition. */
  readonly columns: boolean;
  /** By what the binlog was recognised where reading begins; null where nothing was read yet. */
  readonly anchor: Anchor | null;
  readonly files: KnownFiles;
  /** A position that was passed in an earlier dump. */
  readonly passed: { readonly file: string; readonly offset: number } | null;
}

/**
 * Follows the binlog's events and keeps what they leave implicit: the file and offset, the server
 * run, the table maps, and the transaction that the rows belong to. The thread id comes with a
 * transaction's first event and holds for all that follow it up to the commit.
 */
export class TransactionReader {
  /** The prepared XA transactions. */
  readonly xa: XaTransactions;
  readonly #options: TransactionReaderOptions;
  readonly #position = new EventPosition();
  readonly #files: FileSequence;
  readonly #tables: TableMaps;
  readonly #run: ServerRun;
  readonly #current: CurrentTransaction;
  readonly #statements: StatementEvents;
  #checksums: boolean;
  /**
   * Where the file begins that was entered last, up to its first event; which says of what run it
   * is.
   */
  #nextFileAt: number | null = null;
  /** Null but from a statement that cannot be read up to the end of its transaction. */
  #unreadableTransaction: UnreadableTransaction | null = null;

  constructor(options: TransactionReaderOptions) {
    this.#options = options;
    this.#checksums = options.checksums;
    this.#files = new FileSequence(options.files);
    this.#run = new ServerRun(options);
    const xa = new XaTransactions(options);
    this.xa = xa;
    const { followed, sink } = options;
    const { anchor } = options;
    const position = this.#position;
    this.#current = new CurrentTransaction({ position, run: this.#run, xa, anchor, sink });
    this.#tables = new TableMaps((database, table) => followed.isRead(database, table));
    this.#statements = new StatementEvents({
      followed,
      current: this.#current,
      tables: this.#tables,
      cannotRead: (complaint, isAtEnd) => this.#cannotRead(complaint, isAtEnd),
    });
  }

  /** The run whose events are being read. */
  get run(): number {
    return this.#run.present;
  }

  /**
   * Where the last event ends, between two transactions; null inside of one, and before the server
   * has named a file.
   */
  get place(): (BinlogPosition & { readonly file: string }) | null {
    const { file, fileNumber, end } = this.#position;
    const isBetween =
      !this.#current.isOpen && this.#current.gtid === null && this.#unreadableTransaction === null;
    return isBetween && file !== "" ? { file, fileNumber, offset: end } : null;
  }

  /**
   * Takes the next event of the dump. A promise is returned for one that takes its time, a large
   * compressed transaction: the next event is to wait for it. Throws, or rejects with,
   * UnreadableBinlogError or BinlogGapError where going on could lose or garble a change, and
   * BinlogInterruptedError where another dump has to begin.
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
    this.#run.entersFile(this.#position.fileNumber, description.created);
    if (this.#nextFileAt !== null)
      this.#current.entersFile(this.#nextFileAt, parseEventHeader(event).timestamp);
    this.#nextFileAt = null;
  }

  #onRotate(file: string, offset: number): void {
    const { passed } = this.#options;
    const isNext = this.#position.file !== "" && this.#position.file !== file;
    this.#position.enterFile(file, offset);
    // A dump by GTIDs may begin in a file before the one in which reading was.
    const isPassed =
      passed !== null &&
      isBefore(this.#position.endPosition, {
        fileNumber: binlogFileNumber(passed.file),
        offset: passed.offset,
      });
    if (isNext) this.#nextFileAt = isPassed ? null : offset;
  }

  #onBody(header: EventHeader, event: Buffer): void {
    if (this.#unreadableTransaction !== null)
      return this.#unreadableTransaction.passes(header, event, this.#position);
    switch (header.type) {
      case EventType.ROTATE_EVENT: {
        const { file, offset } = parseRotate(event);
        if (isArtificial(header)) this.#files.enters(file);
        else this.#files.ends(file);
        return this.#onRotate(file, offset);
      }
      case EventType.GTID_LOG_EVENT:
      case EventType.GTID_TAGGED_LOG_EVENT:
      case EventType.ANONYMOUS_GTID_LOG_EVENT:
        if (this.#options.passed !== null) this.#position.isBehind(this.#options.passed);
        return this.#current.announce(parseGtidEvent(event));
      case EventType.QUERY_EVENT:
        if (isBegin(event)) return this.#current.begin(header, threadOf(event));
        return this.#statements.take(header, QueryEvent.parse(event));
      case EventType.EXECUTE_LOAD_QUERY_EVENT:
        return this.#statements.take(header, QueryEvent.parseLoad(event));
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
      case EventType.BEGIN_LOAD_QUERY_EVENT:
      case EventType.APPEND_BLOCK_EVENT:
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

  /**
   * A compressed transaction is one event of the file: the position stays, and rows count on
   * through all it contains.
   */
  #onPayload(payload: Buffer): void {
    for (const event of transactionPayloadEvents(payload))
      this.#onBody(parseEventHeader(event), event);
  }

  /**
   * The same without having all of it in memory: it is decompressed as fast as its changes are
   * sent.
   */
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

  /** Stops, at the end of the transaction: `isAtEnd` says that this is its last event. */
  #cannotRead(complaint: Complaint, isAtEnd = false): void {
    const { file, start, end } = this.#position;
    const unreadable = new UnreadableTransaction({
      ...complaint,
      gtid: this.#current.gtid,
      file,
      offset: start,
    });
    if (isAtEnd) throw unreadable.endsAt(end);
    this.#unreadableTransaction = unreadable;
  }

  #onRows(event: Buffer): void {
    const rows = this.#tables.rowsOf(event);
    if (rows === null) return;
    if (rows instanceof RowCounter) return this.#current.pass(rows.count(event));
    const { transaction } = this.#current;
    const { database, table } = rows.definition;
    if (this.#options.followed.isLedger(database, table)) {
      const count = forEachRow(event, rows, (op, texts) =>
        this.#options.onLedgerRow(transaction, op, texts.after),
      );
      return this.#current.pass(count);
    }
    const definition = this.#options.columns ? rows.definition : undefined;
    try {
      forEachRow(event, rows, (op, texts) =>
        this.#current.change(op, database, table, texts, definition),
      );
    } catch (error) {
      if (!(error instanceof RowTooLargeError)) throw error;
      this.#cannotRead(tooLarge(error, `${database}.${table}`));
    }
  }

  #unreadable(error: unknown): unknown {
    return unreadableBinlog(error, { file: this.#position.file, offset: this.#position.start });
  }
}
