import type { Operation } from "../../wire/frame.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { CorruptEventError } from "../binlog-format/errors.ts";
import type { EventHeader } from "../binlog-format/events/event-header.ts";
import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import type { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { XaPrepareEvent } from "../binlog-format/events/control-events.ts";
import type { HeldChanges } from "./held-changes.ts";
import type { EventPosition } from "./binlog-position.ts";
import type { ServerRun } from "./server-run.ts";
import type { Anchor, ChangeSink, RowChange, Transaction } from "./transaction.ts";
import type { XaTransactions } from "./xa-transactions.ts";

const NOT_ENDED = "a transaction begins before the one before it has ended";

export interface CurrentTransactionOptions {
  readonly position: EventPosition;
  readonly run: ServerRun;
  readonly xa: XaTransactions;
  /** By what the binlog was recognised where reading begins. */
  readonly anchor: Anchor | null;
  readonly sink: ChangeSink;
}

/** A transaction from its first event to its commit. */
interface OpenTransaction {
  readonly transaction: Transaction;
  /** An XA transaction's changes are kept back until it commits. */
  readonly held: HeldChanges | null;
  /** How many changes it had up to now, whether or not their tables are followed. */
  changes: number;
  /** Whether one of them was of a followed table. */
  hasFollowed: boolean;
}

/**
 * The transaction whose events are going by. It gives each change its number and position, and
 * tells the sink of changes and of the boundaries between transactions, from which reading can go
 * on.
 */
export class CurrentTransaction {
  readonly #position: EventPosition;
  readonly #run: ServerRun;
  readonly #xa: XaTransactions;
  readonly #sink: ChangeSink;
  #gtid: GtidEvent | null = null;
  #gtidStart = 0;
  #open: OpenTransaction | null = null;
  #committedMs = 0;
  #anchor: Anchor | null;

  constructor({ position, run, xa, anchor, sink }: CurrentTransactionOptions) {
    this.#anchor = anchor;
    this.#position = position;
    this.#run = run;
    this.#xa = xa;
    this.#sink = sink;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Whether a change of a followed table belongs to the open transaction. */
  get hasChanges(): boolean {
    return this.#open?.hasFollowed === true;
  }

  /** The GTID of the transaction that goes by; null on a server without GTIDs. */
  get gtid(): string | null {
    return this.#gtid?.gtid ?? null;
  }

  /** The open transaction. Throws CorruptEventError when there is none. */
  get transaction(): Transaction {
    return this.#opened().transaction;
  }

  /**
   * Takes the event in front of a transaction's first one. Throws CorruptEventError when the one
   * before has not ended.
   */
  announce(gtid: GtidEvent): void {
    if (this.#open !== null) throw new CorruptEventError(NOT_ENDED);
    this.#gtid = gtid;
    this.#gtidStart = this.#position.start;
  }

  /**
   * `thread`: the id of the connection that writes it, which holds for all that follows up to the
   * commit. `isGenerated`: see `Transaction`.
   */
  begin(header: EventHeader, thread: number, isGenerated = false): void {
    this.#begin(header, thread, null, isGenerated);
  }

  /**
   * Gives a change its position, and passes it on or keeps it back. Throws CorruptEventError
   * outside a transaction.
   */
  change(
    op: Operation,
    database: string,
    table: string,
    texts: RowTexts,
    definition: TableDefinition | undefined,
  ): void {
    const open = this.#opened();
    open.hasFollowed = true;
    const change: RowChange = {
      op,
      database,
      table,
      offset: this.#position.start,
      row: this.#position.rows++,
      n: open.changes++,
      texts,
      definition,
    };
    if (open.held === null) this.#sink.change(open.transaction, change);
    else this.#xa.hold(open.held, open.transaction, change);
  }

  /**
   * Counts changes that are not delivered. Positions and ids are numbers among all changes of an
   * event and a transaction: where tables are followed from now on, or no longer, the others keep
   * theirs.
   */
  pass(changes: number): void {
    this.#position.rows += changes;
    if (this.#open !== null) this.#open.changes += changes;
  }

  /** Ends it. `alsoExecuted`: GTIDs that count as executed only with it. */
  commit(alsoExecuted: readonly string[] = []): void {
    const open = this.#open;
    const gtid = this.#gtid?.gtid ?? null;
    if (open !== null) this.#committedMs = Math.floor(open.transaction.committedUs / 1000);
    this.#endsWith(gtid === null ? alsoExecuted : [...alsoExecuted, gtid]);
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

  /** Throws CorruptEventError outside a transaction. */
  onXaPrepare({ onePhase, xid }: XaPrepareEvent): void {
    const { transaction, held: startedWith } = this.#opened();
    const held = startedWith ?? this.#xa.start(xid);
    if (onePhase) {
      this.#xa.commitOnePhase(held, transaction);
      this.commit();
    } else if (this.#xa.prepare({ transaction, held, run: this.#run.present, kept: null })) {
      this.#endsWith([]);
    } else {
      this.commit();
    }
  }

  /**
   * Called with the next file's first event; `offset`: where it stands, `begunS`: when the file was
   * begun. Reading can go on there, which moves the place on where no transaction follows for long,
   * and behind one that ends beyond the 4 GiB up to which a dump can be asked for.
   */
  entersFile(offset: number, begunS: number): void {
    const { gtid = null, committedUs = 0 } = this.#anchor ?? {};
    this.#anchor = { file: this.#position.file, start: offset, begunS, gtid, committedUs };
    if (this.#open === null && this.#gtid === null && this.#xa.oldest === undefined)
      this.#boundary([], offset);
  }

  #opened(): OpenTransaction {
    const open = this.#open;
    if (open === null) throw new CorruptEventError("a part of a transaction without its beginning");
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
    const transaction: Transaction = {
      gtid: gtid?.gtid ?? null,
      ...(gtid?.tag !== undefined && { tag: gtid.tag }),
      file: position.file,
      fileNumber: position.fileNumber,
      start: gtid === null ? position.start : this.#gtidStart,
      thread,
      run: this.#run.of(header, gtid),
      serverId: header.serverId,
      ...(isGenerated && { isGenerated }),
      committedUs: gtid?.immediateCommitTimestamp || header.timestamp * 1e6,
    };
    this.#open = { transaction, held, changes: 0, hasFollowed: false };
    return transaction;
  }

  #endsWith(gtids: readonly string[]): void {
    if (this.#gtid !== null) {
      this.#anchor = {
        file: this.#position.file,
        start: this.#gtidStart,
        begunS: null,
        gtid: this.#gtid.gtid,
        committedUs: this.#gtid.originalCommitTimestamp,
      };
    }
    this.#open = null;
    this.#gtid = null;
    this.#boundary(gtids, this.#position.end);
  }

  /**
   * The boundary lies where the oldest XA transaction begins that waits for its commit, if there is
   * one.
   */
  #boundary(gtids: readonly string[], offset: number): void {
    const waiting = this.#xa.oldest;
    const { file, fileNumber } = this.#position;
    const keptGtids = this.#xa.takeKeptGtids();
    const common = {
      gtids: keptGtids.length === 0 ? gtids : [...gtids, ...keptGtids],
      anchor: this.#anchor,
      committedMs: this.#committedMs,
      keptXa: this.#xa.kept,
    };
    if (waiting === undefined) {
      this.#sink.boundary({ ...common, file, offset, run: this.#run.present });
      return;
    }
    const { transaction, held, run } = waiting;
    const by = {
      xid: held.xid,
      gtid: transaction.gtid,
      preparedMs: Math.floor(transaction.committedUs / 1000),
    };
    this.#sink.boundary({
      ...common,
      file: transaction.file,
      offset: transaction.start,
      run,
      held: { by, readTo: { fileNumber, offset } },
    });
  }
}
