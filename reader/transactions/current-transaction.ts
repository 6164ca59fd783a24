import type { Operation } from "../../wire/frame.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { CorruptEventError } from "../binlog-format/errors.ts";
import type { EventHeader } from "../binlog-format/events/event-header.ts";
import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { XaPrepareEvent } from "../binlog-format/events/control-events.ts";
import { DUMP_LIMIT } from "../source/binlog-dump.ts";
import type { NameHistory } from "../statements/name-history.ts";
import { Boundaries } from "./boundaries.ts";
import type { HeldChanges } from "./held-changes.ts";
import type { EventPosition } from "./binlog-position.ts";
import { ReadAnchor } from "./read-anchor.ts";
import type { ServerRun } from "./server-run.ts";
import type { Anchor, ChangeSink, RowChange, Transaction } from "./transaction.ts";
import type { XaTransactions } from "./xa-transactions.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NONE: readonly string[] = [];
const NOT_ENDED = "a transaction begins before the previous one has ended";

export interface CurrentTransactionOptions {
  readonly position: EventPosition;
  readonly run: ServerRun;
  readonly xa: XaTransactions;
  /** The anchor of the position where reading begins; null when there is none. */
  readonly anchor: Anchor | null;
  readonly sink: ChangeSink;
  readonly names: Pick<NameHistory, "saved">;
}

/**
 * The transaction whose events are being read. It gives each change its number and position, and
 * passes the changes and the boundaries between transactions to the sink. Reading can resume at a
 * boundary.
 */
export class CurrentTransaction {
  readonly #position: EventPosition;
  readonly #run: ServerRun;
  readonly #xa: XaTransactions;
  readonly #sink: ChangeSink;
  readonly #names: Pick<NameHistory, "saved">;
  #gtid: GtidEvent | null = null;
  #gtidStart = 0;
  #open: Transaction | null = null;
  /**
   * The changes of the open XA transaction, which are held until it commits; null for another one.
   */
  #held: HeldChanges | null = null;
  /** The number of its changes so far, including those of tables that are not followed. */
  #changes = 0;
  /** Whether one of its changes was in a followed table. */
  #hasFollowed = false;
  /** The change that is passed to the sink. */
  readonly #change: Mutable<RowChange> = {
    op: "c",
    database: "",
    table: "",
    offset: 0,
    row: 0,
    n: 0,
    texts: new RowTexts(Buffer.alloc(0)),
    definition: undefined,
  };
  #committedMs = 0;
  readonly #anchor = new ReadAnchor();
  #hasAnchor: boolean;
  readonly #boundaries: Boundaries;

  constructor({ position, run, xa, anchor, sink, names }: CurrentTransactionOptions) {
    this.#hasAnchor = anchor !== null;
    if (anchor !== null) this.#anchor.copy(anchor);
    this.#position = position;
    this.#run = run;
    this.#xa = xa;
    this.#sink = sink;
    this.#names = names;
    this.#boundaries = new Boundaries({ position, run, xa, sink, names });
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Whether no transaction is open or announced. */
  get isBetween(): boolean {
    return this.#open === null && this.#gtid === null;
  }

  /** Whether the open transaction has a change of a followed table. */
  get hasChanges(): boolean {
    return this.#open !== null && this.#hasFollowed;
  }

  /**
   * The GTID of the present transaction; null on a server without GTIDs, and between two
   * transactions.
   */
  get gtid(): string | null {
    return this.#gtid?.gtid ?? null;
  }

  /** The open transaction. Throws CorruptEventError when there is none. */
  get transaction(): Transaction {
    return this.#opened();
  }

  /**
   * Handles the GTID event, which precedes a transaction's first event, and stays unchanged until
   * the transaction ends. Throws CorruptEventError when the previous transaction has not ended.
   */
  announce(gtid: GtidEvent): void {
    if (this.#open !== null) throw new CorruptEventError(NOT_ENDED);
    this.#gtid = gtid;
    this.#gtidStart = this.#position.start;
  }

  /**
   * Opens the transaction. `thread`: the id of the connection that wrote it. `isGenerated`: see
   * `Transaction`.
   */
  begin(header: EventHeader, thread: number, isGenerated = false): void {
    this.#begin(header, thread, null, isGenerated);
  }

  /**
   * Gives a change its position, and passes it to the sink or holds it (XA). Throws
   * CorruptEventError outside a transaction.
   */
  change(
    op: Operation,
    database: string,
    table: string,
    texts: RowTexts,
    definition: TableDefinition | undefined,
  ): void {
    const transaction = this.#opened();
    this.#hasFollowed = true;
    const change = this.#change;
    change.op = op;
    change.database = database;
    change.table = table;
    change.offset = this.#position.start;
    change.row = this.#position.rows++;
    change.n = this.#changes++;
    change.texts = texts;
    change.definition = definition;
    if (this.#held === null) this.#sink.change(transaction, change);
    else this.#xa.hold(this.#held, transaction, change);
  }

  /**
   * Counts changes that are not delivered. Positions and ids number all changes of an event and of
   * a transaction, so they do not depend on which tables are followed.
   */
  pass(changes: number): void {
    this.#position.rows += changes;
    this.#changes += changes;
  }

  /**
   * Ends the transaction. `alsoExecuted`: other GTIDs that count as executed from this commit on.
   */
  commit(alsoExecuted: readonly string[] = NONE): void {
    const open = this.#open;
    if (open !== null) this.#committedMs = Math.floor(open.committedUs / 1000);
    this.#endsWith(alsoExecuted, this.#gtid);
  }

  /**
   * Handles XA START, END, COMMIT and ROLLBACK. XA PREPARE arrives as its own event type
   * (onXaPrepare).
   */
  onXaStatement(header: EventHeader, thread: number, verb: string, xid: string): void {
    switch (verb) {
      case "START":
        this.#begin(header, thread, this.#xa.start(xid));
        return;
      case "COMMIT": {
        const transaction = this.#begin(header, thread, null);
        this.commit(this.#xa.commit(xid, transaction, this.#position.start));
        return;
      }
      case "ROLLBACK":
        this.#begin(header, thread, null);
        this.commit(this.#xa.rollback(xid));
        return;
      default: // END
    }
  }

  /** Handles XA PREPARE. Throws CorruptEventError outside a transaction. */
  onXaPrepare({ onePhase, xid }: XaPrepareEvent): void {
    const transaction = this.#opened();
    const held = this.#held ?? this.#xa.start(xid);
    const run = this.#run.present;
    const names = this.#names.saved;
    if (onePhase) {
      this.#xa.commitOnePhase(held, transaction);
      this.commit();
    } else if (this.#xa.prepare({ transaction, held, run, names, kept: null })) {
      this.#endsWith(NONE, null);
    } else {
      this.commit();
    }
  }

  /**
   * Called at the first event of the next file. `offset`: the event's position; `begunS`: when the
   * file was begun, seconds since 1970. This makes a boundary, so the offset advances even if no
   * transaction follows for long, and out of a file whose end lies beyond what a dump can ask for.
   */
  entersFile(offset: number, begunS: number): void {
    this.#hasAnchor = true;
    this.#anchor.isFile(this.#position.file, offset, begunS);
    if (this.isBetween && this.#xa.oldest === undefined) this.#passBoundary(NONE, null, offset);
  }

  #opened(): Transaction {
    const open = this.#open;
    if (open === null)
      throw new CorruptEventError("an event continues a transaction that has not begun");
    return open;
  }

  #begin(
    header: EventHeader,
    thread: number,
    held: HeldChanges | null,
    isGenerated = false,
  ): Transaction {
    const position = this.#position;
    const gtid = this.#gtid;
    if (this.#open !== null) throw new CorruptEventError(NOT_ENDED);
    const { file, fileNumber } = position;
    const start = gtid === null ? position.start : this.#gtidStart;
    const run = this.#run.of(header, gtid);
    const { serverId } = header;
    const committedUs = gtid?.immediateCommitTimestamp || header.timestamp * 1e6;
    // Properties that are added later would take a list of their own.
    const transaction: Mutable<Transaction> =
      gtid !== null && gtid.prefix !== null && typeof gtid.number === "number"
        ? {
            gtidPrefix: gtid.prefix,
            gtidNumber: gtid.number,
            file,
            fileNumber,
            start,
            thread,
            run,
            serverId,
            committedUs,
          }
        : { gtid: gtid?.gtid ?? null, file, fileNumber, start, thread, run, serverId, committedUs };
    if (gtid?.tag !== undefined) transaction.tag = gtid.tag;
    if (isGenerated) transaction.isGenerated = true;
    this.#open = transaction;
    this.#held = held;
    this.#changes = 0;
    this.#hasFollowed = false;
    return transaction;
  }

  /** `executed`: the transaction's GTID event, if it counts as executed now. */
  #endsWith(alsoExecuted: readonly string[], executed: GtidEvent | null): void {
    // No dump can ask for an anchor beyond 4 GiB, so there the one before stays.
    if (this.#gtid !== null && this.#gtidStart < DUMP_LIMIT) {
      this.#hasAnchor = true;
      this.#anchor.isTransaction(this.#position.file, this.#gtidStart, this.#gtid);
    }
    this.#open = null;
    this.#gtid = null;
    this.#passBoundary(alsoExecuted, executed, this.#position.end);
  }

  #passBoundary(alsoExecuted: readonly string[], executed: GtidEvent | null, offset: number): void {
    const anchor = this.#hasAnchor ? this.#anchor : null;
    this.#boundaries.pass(alsoExecuted, executed, offset, anchor, this.#committedMs);
  }
}
