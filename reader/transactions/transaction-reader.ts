import { verifyChecksum } from "../binlog-format/checksum.ts";
import { CorruptEventError, UnsupportedEventError } from "../binlog-format/errors.ts";
import { type EventHeader, parseEventHeader } from "../binlog-format/event-header.ts";
import {
  EventType,
  eventTypeName,
  isRowsEvent,
  mustNotBeIgnored,
} from "../binlog-format/event-types.ts";
import { parseFormatDescription } from "../binlog-format/format-description.ts";
import { type GtidEvent, parseGtidEvent } from "../binlog-format/gtid-event.ts";
import { forEachRow, type RowsDecoder } from "../binlog-format/rows-event.ts";
import { RowTexts } from "../binlog-format/row-texts.ts";
import {
  streamTransactionPayload,
  transactionPayloadEvents,
} from "../binlog-format/transaction-payload.ts";
import type { Operation } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { parseRegistration } from "../ledger/registration.ts";
import {
  parseQuery,
  parseRotate,
  parseXaPrepare,
  type QueryEvent,
} from "../source/control-events.ts";
import { UnreadableStreamError } from "../errors.ts";
import { definitionChanges } from "./definition-changes.ts";
import { HeldChanges } from "./held-changes.ts";
import { runBeginning } from "./run-number.ts";
import { isLargePayload } from "./large-payload.ts";
import { placedError } from "./placed-error.ts";
import { type PreparedXa, PreparedXaTransactions } from "./prepared-xa.ts";
import { statementKind } from "./statement-kind.ts";
import { StreamPlace } from "./stream-place.ts";
import { TableMaps } from "./table-maps.ts";
import type { ChangeSink, RowChange, Transaction } from "./transaction.ts";

export interface TransactionReaderOptions {
  readonly isWanted: (database: string, table: string) => boolean;
  /** The session ledger's table: its rows are taken as registrations and go no further. */
  readonly isLedger: (database: string, table: string) => boolean;
  /** Takes a row of the ledger: from its transaction on, its connection is this author's. */
  readonly onRegistration: (transaction: Transaction, author: Author) => void;
  /** Told of the commit of an XA transaction that was prepared before reading began: its changes are in nobody's hands. */
  readonly onUnknownXa: (commit: UnknownXa) => void;
  /** Told how far the stream was read, after each event. */
  readonly onRead: (fileNumber: number, offset: number) => void;
  /** The `server_id` of the server that is read. */
  readonly serverId: number;
  /** How much memory changes of XA transactions may take that are not committed yet, bytes. */
  readonly heldLimitBytes: number;
  readonly epoch: number;
  readonly sink: ChangeSink;
  /** The run (see wire/session.ts) that goes on at the place where reading begins; null: it begins with the first file. */
  readonly run: number | null;
  /** Numbers of files behind that place in which a run began, whether or not the stream says so. */
  readonly runBeginnings: ReadonlySet<number>;
  /** Whether events end with a checksum before a format description says so. */
  readonly checksums: boolean;
  /** Whether rows come with their table's definition. */
  readonly columns: boolean;
  /** A place that was passed in an earlier dump. */
  readonly passed: { readonly file: string; readonly offset: number } | null;
}

/** The commit of an XA transaction whose prepare was not read. */
export interface UnknownXa {
  /** Of the commit; null on a server without GTIDs. */
  readonly gtid: string | null;
  /** Global part and branch in hexadecimal, and format id. */
  readonly xid: string;
  readonly file: string;
  /** Where the commit stands, bytes. */
  readonly offset: number;
}

/** The transaction whose events are going by, from its first event to its commit. */
interface OpenTransaction {
  readonly transaction: Transaction;
  /** An XA transaction's changes are kept back until it commits. */
  readonly held: HeldChanges | null;
  changes: number;
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
  readonly #prepared = new PreparedXaTransactions();
  #checksums: boolean;
  #run: number | null;
  #gtid: GtidEvent | null = null;
  #gtidStart = 0;
  #open: OpenTransaction | null = null;
  #committedMs = 0;
  #row = 0;

  constructor(options: TransactionReaderOptions) {
    this.#options = options;
    this.#checksums = options.checksums;
    this.#run = options.run;
    const { isWanted, isLedger } = options;
    this.#tables = new TableMaps(
      (database, table) => isLedger(database, table) || isWanted(database, table),
    );
  }

  /** The run in which the stream is, null before its first file is known. */
  get run(): number | null {
    return this.#run;
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
        this.#row = 0;
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
    const { fileNumber } = this.#place;
    const begins = description.created !== 0 || this.#options.runBeginnings.has(fileNumber);
    if (begins || this.#run === null) this.#run = runBeginning(this.#options.epoch, fileNumber);
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
        this.#gtid = parseGtidEvent(event);
        this.#gtidStart = this.#place.start;
        return;
      case EventType.QUERY_EVENT:
        return this.#onQuery(header, event);
      case EventType.TABLE_MAP_EVENT:
        return this.#tables.onTableMap(event);
      case EventType.XID_EVENT:
        return this.#commit();
      case EventType.XA_PREPARE_LOG_EVENT:
        return this.#onXaPrepare(event);
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
        return this.#begin(header, query.thread, null);
      case "commit":
        return this.#commit();
      case "savepoint":
        return;
      case "rollback":
        if ((this.#open?.changes ?? 0) > 0)
          throw new UnsupportedEventError("a transaction that ends with ROLLBACK after rows");
        return this.#commit();
      case "rollback-to-savepoint":
        if ((this.#open?.changes ?? 0) > 0)
          throw new UnsupportedEventError("a ROLLBACK TO SAVEPOINT after rows");
        return;
      case "xa":
        return this.#onXa(header, query.thread, statement);
      case "statement-rows":
        throw new UnsupportedEventError(
          "a statement that changes rows, logged in statement format",
        );
      case "definition":
        this.#tables.clear();
        // Inside a transaction it is CREATE TABLE … SELECT, whose rows and commit follow.
        if (this.#open !== null) return this.#onDefinition(query);
        this.#begin(header, query.thread, null);
        this.#onDefinition(query);
        return this.#commit();
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
      this.#change(op, database, table, texts, undefined);
    }
  }

  #begin(header: EventHeader, thread: number, held: HeldChanges | null): void {
    this.#open = {
      transaction: this.#transaction(header, thread),
      held,
      changes: 0,
    };
  }

  #transaction(header: EventHeader, thread: number): Transaction {
    return {
      gtid: this.#gtid?.gtid ?? null,
      file: this.#place.file,
      fileNumber: this.#place.fileNumber,
      start: this.#gtid === null ? this.#place.start : this.#gtidStart,
      thread,
      run: this.#runOf(header),
      serverId: header.serverId,
      committedUs: this.#gtid?.immediateCommitTimestamp || header.timestamp * 1e6,
    };
  }

  /**
   * The run that a transaction's thread id belongs to. What another server of the topology executed keeps that server's
   * thread ids; its runs are not known here, so all of them count as one, with a number that no own run has.
   */
  #runOf({ serverId }: EventHeader): number {
    if (serverId !== this.#options.serverId) return -serverId;
    return this.#run ?? runBeginning(this.#options.epoch, this.#place.fileNumber);
  }

  #onRows(event: Buffer): void {
    const decoder = this.#tables.decoderFor(event);
    if (decoder === null) return;
    const open = this.#open;
    if (open === null) throw new CorruptEventError("rows outside a transaction");
    const { database, table } = decoder.definition;
    if (this.#options.isLedger(database, table))
      return this.#onLedgerRows(event, decoder, open.transaction);
    const definition = this.#options.columns ? decoder.definition : undefined;
    forEachRow(event, decoder, (op, texts) => this.#change(op, database, table, texts, definition));
  }

  /** Gives a change its place, and passes it on or keeps it back. */
  #change(
    op: Operation,
    database: string,
    table: string,
    texts: RowTexts,
    definition: TableDefinition | undefined,
  ): void {
    const open = this.#open;
    if (open === null) throw new CorruptEventError("a change outside a transaction");
    const offset = this.#place.start;
    const change: RowChange = {
      op,
      database,
      table,
      offset,
      row: this.#row++,
      n: open.changes++,
      texts,
      definition,
    };
    if (open.held === null) this.#options.sink.change(open.transaction, change);
    else this.#hold(open.transaction, open.held, change);
  }

  #hold({ gtid }: Transaction, held: HeldChanges, change: RowChange): void {
    held.add(change);
    const limit = this.#options.heldLimitBytes;
    if (held.bytes + this.#prepared.bytes <= limit) return;
    throw new UnreadableStreamError(
      `the XA transaction ${held.xid}${gtid === null ? "" : ` (${gtid})`} and those prepared before it have changes of more than ${limit} bytes, and must be kept in memory until they commit`,
      "Give the reader more memory (--max-old-space-size in its NODE_OPTIONS), a quarter of which may be used for this; or pass it by `npm run offsets -- set`, which loses its changes.",
      { file: this.#place.file, offset: this.#place.start },
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

  #commit(extraGtids: readonly string[] = []): void {
    const open = this.#open;
    const gtid = this.#gtid?.gtid ?? null;
    if (open !== null) this.#committedMs = Math.floor(open.transaction.committedUs / 1000);
    this.#open = null;
    this.#gtid = null;
    this.#boundary(gtid === null ? extraGtids : [...extraGtids, gtid]);
  }

  #boundary(gtids: readonly string[]): void {
    const waiting = this.#prepared.oldest;
    this.#options.sink.boundary({
      gtids,
      file: waiting?.transaction.file ?? this.#place.file,
      offset: waiting?.transaction.start ?? this.#place.end,
      run: waiting === undefined ? this.#run : waiting.run,
      committedMs: this.#committedMs,
    });
  }

  #onXa(header: EventHeader, thread: number, { verb, xid }: { verb: string; xid: string }): void {
    switch (verb) {
      case "START":
        return this.#begin(header, thread, new HeldChanges(xid));
      case "COMMIT":
      case "ROLLBACK": {
        const prepared = this.#prepared.take(xid);
        this.#begin(header, thread, null);
        if (prepared === "empty") return this.#commit();
        if (verb === "COMMIT") {
          if (prepared === undefined) this.#onUnknownXa(xid);
          else this.#deliverPrepared(header, prepared);
        }
        return this.#commit(prepared?.transaction.gtid == null ? [] : [prepared.transaction.gtid]);
      }
      default:
        return; // END; the prepare has an event of its own
    }
  }

  #onUnknownXa(xid: string): void {
    const { file, start: offset } = this.#place;
    this.#options.onUnknownXa({ gtid: this.#gtid?.gtid ?? null, xid, file, offset });
  }

  #onXaPrepare(event: Buffer): void {
    const { onePhase, xid } = parseXaPrepare(event);
    const open = this.#open;
    if (open === null) throw new CorruptEventError("an XA prepare outside a transaction");
    const held = open.held ?? new HeldChanges(xid);
    if (onePhase) {
      for (const change of held.list) this.#options.sink.change(open.transaction, change);
      return this.#commit();
    }
    if (held.list.length === 0) {
      this.#prepared.addEmpty(xid);
      return this.#commit();
    }
    this.#prepared.add({ transaction: open.transaction, held, run: this.#run });
    this.#options.sink.prepared(open.transaction);
    this.#open = null;
    this.#gtid = null;
    this.#boundary([]);
  }

  /** A prepared transaction takes its place where it commits; its author is who prepared it. */
  #deliverPrepared(header: EventHeader, prepared: PreparedXa): void {
    const { thread, run, fileNumber, start } = prepared.transaction;
    const transaction = {
      ...this.#transaction(header, thread),
      run,
      preparedAt: { fileNumber, start },
    };
    for (const change of prepared.held.list) {
      this.#options.sink.change(transaction, {
        ...change,
        offset: this.#place.start,
        row: change.n,
      });
    }
  }

  #placed(error: unknown): unknown {
    return placedError(error, { file: this.#place.file, offset: this.#place.start });
  }
}
