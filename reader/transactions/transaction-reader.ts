import { CHECKSUM_LENGTH, verifiedEnd } from "../binlog-format/events/checksum.ts";
import { UnsupportedEventError } from "../binlog-format/errors.ts";
import {
  emptyHeader,
  type EventHeader,
  parseEventHeader,
} from "../binlog-format/events/event-header.ts";
import {
  EventType,
  eventTypeName,
  isRowsEvent,
  mustNotBeIgnored,
} from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import { readGtidEvent } from "../binlog-format/events/read-gtid-event.ts";
import {
  isLargePayload,
  streamTransactionPayload,
  transactionPayloadEvents,
} from "../binlog-format/events/transaction-payload.ts";
import { parseRotate, parseXaPrepare } from "../binlog-format/events/control-events.ts";
import type { NameHistory } from "../statements/name-history.ts";
import { isBegin, QueryEvent, threadOf } from "../statements/query-event.ts";
import { CurrentTransaction } from "./current-transaction.ts";
import { unreadableBinlog } from "./unreadable-binlog.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { type BinlogPosition, EventPosition, isArtificial, isBefore } from "./binlog-position.ts";
import { FileSequence } from "./file-sequence.ts";
import type { KnownFiles } from "./known-files.ts";
import { type FollowedRows, RowsEvents } from "./rows-events.ts";
import { ServerRun, type ServerRunOptions } from "./server-run.ts";
import { StatementEvents } from "./statement-events.ts";
import { TableMaps } from "./table-maps.ts";
import type { Anchor, ChangeSink } from "./transaction.ts";
import { type Complaint, UnreadableTransaction } from "./unreadable-transaction.ts";
import { type XaOptions, XaTransactions } from "./xa-transactions.ts";

export interface TransactionReaderOptions extends ServerRunOptions, XaOptions, FollowedRows {
  /** Called after each event with the position of its end. */
  readonly onRead: (fileNumber: number, offset: number) => void;
  readonly sink: ChangeSink;
  /** Whether events before the first format description end with a checksum; in a dump they do. */
  readonly checksums: boolean;
  /**
   * The former names at the position where reading begins. Each statement about names changes it.
   */
  readonly names: NameHistory;
  /** The anchor of the position where reading begins; null when nothing was read before. */
  readonly anchor: Anchor | null;
  readonly files: KnownFiles;
  /** The position up to which an earlier dump was read. */
  readonly passed: { readonly file: string; readonly offset: number } | null;
}

/**
 * Reads the binlog's events and tracks their context: the file and offset, the server run, the
 * table maps, and the transaction of the rows. The first event of a transaction has the thread id
 * for all its events.
 */
export class TransactionReader {
  /** The prepared XA transactions. */
  readonly xa: XaTransactions;
  readonly #options: TransactionReaderOptions;
  /** The header of the present event. */
  readonly #header = emptyHeader();
  /** The latest GTID event. */
  readonly #gtid = new GtidEvent();
  readonly #position = new EventPosition();
  readonly #files: FileSequence;
  readonly #tables: TableMaps;
  readonly #run: ServerRun;
  readonly #current: CurrentTransaction;
  readonly #statements: StatementEvents;
  readonly #rows: RowsEvents;
  #checksums: boolean;
  /**
   * The offset at which the newest file begins, until its format description is read; null after
   * that.
   */
  #nextFileAt: number | null = null;
  /** Set from an unreadable statement or row until the end of its transaction; else null. */
  #unreadableTransaction: UnreadableTransaction | null = null;
  #hasFailed = false;

  constructor(options: TransactionReaderOptions) {
    this.#options = options;
    this.#checksums = options.checksums;
    this.#files = new FileSequence(options.files);
    this.#run = new ServerRun(options);
    const xa = new XaTransactions(options);
    this.xa = xa;
    const { followed, sink, names } = options;
    const { anchor } = options;
    const position = this.#position;
    this.#current = new CurrentTransaction({ position, run: this.#run, xa, anchor, sink, names });
    this.#tables = new TableMaps(
      (database, table) => followed.isRead(database, table),
      (database, table) => names.of(database, table),
    );
    this.#rows = new RowsEvents({
      ...options,
      current: this.#current,
      tables: this.#tables,
      cannotRead: (complaint) => this.#cannotRead(complaint),
    });
    this.#statements = new StatementEvents({
      followed,
      current: this.#current,
      tables: this.#tables,
      names,
      cannotRead: (complaint, isAtEnd) => this.#cannotRead(complaint, isAtEnd),
    });
  }

  /** The server run whose events are being read. */
  get run(): number {
    return this.#run.present;
  }

  /**
   * The end of the last event, if it lies between two transactions; null inside a transaction,
   * before the server has named a file, and after an error: the last event was not read then.
   */
  get boundary(): (BinlogPosition & { readonly file: string }) | null {
    const { file, fileNumber, end } = this.#position;
    const isBetween = this.#current.isBetween && this.#unreadableTransaction === null;
    return isBetween && !this.#hasFailed && file !== "" ? { file, fileNumber, offset: end } : null;
  }

  /**
   * Handles the next event of the dump. `isVerified`: if it has a checksum, it is right. For a
   * large compressed transaction it returns a promise, for which the next event must wait. Throws
   * (or rejects with) UnreadableBinlogError, UnreadableTransactionError or BinlogGapError when
   * reading on could lose or garble a change, and BinlogInterruptedError when another dump must
   * begin.
   */
  onEvent(bytes: Buffer, start = 0, end = bytes.length, isVerified = false): void | Promise<void> {
    try {
      const header = parseEventHeader(bytes, start, end, this.#header);
      if (header.type === EventType.FORMAT_DESCRIPTION_EVENT) {
        this.#position.advance(header);
        this.#onFormatDescription(header, bytes.subarray(start, end));
      } else {
        const bodyEnd = this.#bodyEnd(bytes, start, end, isVerified);
        this.#position.advance(header);
        if (header.type === EventType.TRANSACTION_PAYLOAD_EVENT) {
          const payload = bytes.subarray(start, bodyEnd);
          if (isLargePayload(payload)) return this.#onLargePayload(payload);
        }
        this.#onBody(header, bytes, start, bodyEnd);
      }
      this.#options.onRead(this.#position.fileNumber, this.#position.end);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** Where the event ends without its checksum. Throws CorruptEventError when that is wrong. */
  #bodyEnd(bytes: Buffer, start: number, end: number, isVerified: boolean): number {
    if (!this.#checksums) return end;
    return isVerified ? end - CHECKSUM_LENGTH : verifiedEnd(bytes, start, end);
  }

  #onFormatDescription({ timestamp }: EventHeader, event: Buffer): void {
    const description = parseFormatDescription(event);
    this.#checksums = description.checksums;
    this.#tables.clear();
    this.#run.entersFile(this.#position.fileNumber, description.created);
    if (this.#nextFileAt !== null) this.#current.entersFile(this.#nextFileAt, timestamp);
    this.#nextFileAt = null;
  }

  #onRotate(file: string, offset: number): void {
    const { passed } = this.#options;
    const isNext = this.#position.file !== "" && this.#position.file !== file;
    this.#position.enterFile(file, offset);
    // A dump by GTIDs may begin in a file before that of the saved offset.
    const isPassed =
      passed !== null &&
      isBefore(this.#position.endPosition, {
        fileNumber: binlogFileNumber(passed.file),
        offset: passed.offset,
      });
    if (isNext) this.#nextFileAt = isPassed ? null : offset;
  }

  /** Handles the event in `bytes` from `start` to `end`; those of every transaction in place. */
  #onBody(header: EventHeader, bytes: Buffer, start: number, end: number): void {
    if (this.#unreadableTransaction !== null)
      return this.#unreadableTransaction.passes(header, bytes.subarray(start, end), this.#position);
    switch (header.type) {
      case EventType.GTID_LOG_EVENT:
      case EventType.GTID_TAGGED_LOG_EVENT:
      case EventType.ANONYMOUS_GTID_LOG_EVENT:
        if (this.#options.passed !== null) this.#position.isBehind(this.#options.passed);
        return this.#current.announce(readGtidEvent(bytes, start, end, this.#gtid));
      case EventType.QUERY_EVENT:
        if (!isBegin(bytes, start, end)) break;
        return this.#current.begin(header, threadOf(bytes, start));
      case EventType.TABLE_MAP_EVENT:
        return this.#tables.onTableMap(bytes, start, end);
      case EventType.XID_EVENT:
        return this.#current.commit();
      case EventType.PARTIAL_UPDATE_ROWS_EVENT:
        break;
      default:
        if (isRowsEvent(header.type)) return this.#rows.take(bytes, start, end);
    }
    this.#onOther(header, bytes.subarray(start, end));
  }

  #onOther(header: EventHeader, event: Buffer): void {
    switch (header.type) {
      case EventType.ROTATE_EVENT: {
        const { file, offset } = parseRotate(event);
        if (isArtificial(header)) this.#files.enters(file);
        else this.#files.ends(file);
        return this.#onRotate(file, offset);
      }
      case EventType.QUERY_EVENT:
        return this.#statements.take(header, QueryEvent.parse(event));
      case EventType.EXECUTE_LOAD_QUERY_EVENT:
        return this.#statements.take(header, QueryEvent.parseLoad(event));
      case EventType.XA_PREPARE_LOG_EVENT:
        return this.#current.onXaPrepare(parseXaPrepare(event));
      case EventType.TRANSACTION_PAYLOAD_EVENT:
        return this.#onPayload(event);
      case EventType.INTVAR_EVENT:
      case EventType.RAND_EVENT:
      case EventType.USER_VAR_EVENT:
      case EventType.BEGIN_LOAD_QUERY_EVENT:
      case EventType.APPEND_BLOCK_EVENT:
        return; // context of the statement that follows, which is judged instead
      case EventType.PARTIAL_UPDATE_ROWS_EVENT:
        throw new UnsupportedEventError(
          "an update is logged in part (binlog_row_value_options=PARTIAL_JSON)",
        );
      default:
        if (mustNotBeIgnored(header.type, header.flags)) {
          throw new UnsupportedEventError(
            `the reader cannot read a ${eventTypeName(header.type)}, which may carry changes`,
          );
        }
    }
  }

  /**
   * A compressed transaction is one event of the file: all its changes have that event's position,
   * and their row numbers continue through the events inside.
   */
  #onPayload(payload: Buffer): void {
    for (const event of transactionPayloadEvents(payload))
      this.#onBody(parseEventHeader(event), event, 0, event.length);
  }

  /** Like `#onPayload`, but decompresses piece by piece, as fast as the changes are sent. */
  async #onLargePayload(payload: Buffer): Promise<void> {
    try {
      for await (const event of streamTransactionPayload(Buffer.from(payload))) {
        this.#onBody(parseEventHeader(event), event, 0, event.length);
        await this.#options.sink.relief();
      }
      this.#options.onRead(this.#position.fileNumber, this.#position.end);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** Makes the reader stop at the end of the transaction. `isAtEnd`: this is its last event. */
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

  #unreadable(error: unknown): unknown {
    this.#hasFailed = true;
    return unreadableBinlog(error, { file: this.#position.file, offset: this.#position.start });
  }
}
