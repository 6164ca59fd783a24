import { UnreadableBinlogError } from "../reporting/errors.ts";
import { HeldChanges } from "./held-changes.ts";
import { type PreparedXa, PreparedXaTransactions } from "./prepared-xa.ts";
import {
  type ChangeSink,
  type KeptXa,
  type RowChange,
  type Transaction,
  gtidOf,
  writingOf,
} from "./transaction.ts";

export interface XaOptions {
  /** The memory limit for uncommitted changes, bytes. */
  readonly heldLimitBytes: number;
  /**
   * Called at the commit of an XA transaction that was prepared before reading began, whose changes
   * cannot be delivered, or only a part of them. `transaction`: the binlog's transaction with the
   * XA COMMIT.
   */
  readonly onUnknownXa: (commit: UnknownXa, transaction: Transaction) => void;
  /**
   * Called with the prepare of an XA transaction whose end was not logged: its xid is prepared
   * again. If it was committed, its changes are not delivered.
   */
  readonly onUnloggedEnd?: ((prepare: UnknownXa) => void) | undefined;
  readonly sink: Pick<ChangeSink, "change" | "prepared">;
  /** The prepared transactions whose changes were kept before reading began. */
  readonly preparedXa: readonly PreparedXa[];
}

/** The commit of an XA transaction whose prepare was not read, or a prepare without an end. */
export interface UnknownXa {
  /** The GTID of the commit or prepare; null on a server without GTIDs. */
  readonly gtid: string | null;
  /** Global part and branch in hexadecimal and the format id, separated by dots. */
  readonly xid: string;
  readonly file: string;
  /** Its offset in the file, bytes. */
  readonly offset: number;
  /** Set when changes are delivered that were kept for other followed tables. */
  readonly isPartial?: true;
}

const NONE: readonly string[] = [];

/**
 * Holds the changes of XA transactions from XA START until they commit. The commit of a prepared
 * transaction is another transaction of the binlog, perhaps much later and from another connection.
 * `XaKeeper` writes the changes of long-prepared transactions to the payload bucket, so the reader
 * need not read them again.
 */
export class XaTransactions {
  readonly #options: XaOptions;
  readonly #prepared = new PreparedXaTransactions();

  /**
   * The GTIDs of the transactions kept or forgotten since the last boundary; they count as executed
   * from the next one on.
   */
  #keptGtids: readonly string[] = NONE;

  constructor(options: XaOptions) {
    this.#options = options;
    for (const prepared of options.preparedXa) this.#prepared.add(prepared);
  }

  /** The transactions that are in memory only, in the order in which they were prepared. */
  unkept(): Iterable<PreparedXa> {
    return this.#prepared.unkept();
  }

  /** The transactions whose changes are kept. */
  get kept(): readonly KeptXa[] {
    return this.#prepared.kept;
  }

  /** Records that a prepared transaction's changes are kept. */
  keep(prepared: PreparedXa, kept: KeptXa): void {
    if (this.#prepared.keep(prepared, kept))
      this.#keptGtids = [...this.#keptGtids, ...gtidsOf(prepared)];
  }

  /** The GTIDs of the transactions kept or forgotten since the last call, which now count. */
  takeKeptGtids(): readonly string[] {
    const gtids = this.#keptGtids;
    this.#keptGtids = NONE;
    return gtids;
  }

  /** The oldest transaction that is in memory only: a restarted reader must read from there. */
  get oldest(): PreparedXa | undefined {
    return this.#prepared.oldest;
  }

  /** Creates the list for the changes after an XA START. */
  start(xid: string): HeldChanges {
    return new HeldChanges(xid);
  }

  /** Holds a change. Throws UnreadableBinlogError when all held changes exceed the memory limit. */
  hold(held: HeldChanges, transaction: Transaction, change: RowChange): void {
    held.add(change);
    const limit = this.#options.heldLimitBytes;
    if (held.bytes + this.#prepared.bytes <= limit) return;
    const gtid = gtidOf(transaction);
    throw new UnreadableBinlogError(
      `the changes of the XA transaction ${held.xid}${gtid === null ? "" : ` (${gtid})`} and of those prepared before it take more than ${limit} bytes, and the reader must keep them in memory until they commit`,
      "Give the reader more memory (--max-old-space-size in its NODE_OPTIONS); it uses up to a quarter for such changes. To continue after the transaction, without delivering its changes, run `npm run offsets -- set`.",
      { file: transaction.file, offset: change.offset },
    );
  }

  /**
   * Records a prepared transaction, and returns whether it has changes to deliver at the commit.
   */
  prepare(prepared: PreparedXa): boolean {
    if (this.#isKnown(prepared)) return true;
    if (prepared.held.list.length === 0) {
      this.#prepared.addEmpty(prepared.held.xid);
      return false;
    }
    this.#prepared.add(prepared);
    this.#options.sink.prepared(prepared.transaction);
    return true;
  }

  /**
   * Returns whether a transaction that is prepared is known already: its prepare is read again.
   * Forgets another transaction with its xid. The server lets an xid be used again only when that
   * one has ended, so its end was not logged: with `sql_log_bin = 0`, or without a binlog.
   */
  #isKnown({ transaction, held }: PreparedXa): boolean {
    const { xid } = held;
    const former = this.#prepared.take(xid);
    if (former === undefined || former === "empty") return false;
    if (isSame(former.transaction, transaction)) {
      // What is read now are the changes in all tables that are followed now.
      this.#prepared.add(
        former.isPartial === true ? { ...former, held, isPartial: false } : former,
      );
      return true;
    }
    this.#keptGtids = [...this.#keptGtids, ...notCounted(former)];
    const { file, start } = former.transaction;
    const gtid = gtidOf(former.transaction);
    this.#options.onUnloggedEnd?.({ gtid, xid, file, offset: start });
    return false;
  }

  /** Passes on the held changes of a transaction that commits in one phase. */
  commitOnePhase(held: HeldChanges, transaction: Transaction): void {
    for (const change of held.list) this.#options.sink.change(transaction, change);
  }

  /**
   * Passes on the changes of a prepared transaction, with the position of the commit and the author
   * of the prepare. Returns further GTIDs that count as executed with this commit.
   *
   * @param commit the binlog's transaction with the XA COMMIT
   * @param offset the statement's offset in the file, bytes
   */
  commit(xid: string, commit: Transaction, offset: number): readonly string[] {
    const prepared = this.#prepared.take(xid);
    if (prepared === "empty") return NONE;
    const unknown = { gtid: gtidOf(commit), xid, file: commit.file, offset };
    if (prepared === undefined) {
      this.#options.onUnknownXa(unknown, commit);
      return NONE;
    }
    if (prepared.isPartial === true)
      this.#options.onUnknownXa({ ...unknown, isPartial: true }, commit);
    const { thread, run, tag, author } = prepared.transaction;
    const { tag: _, ...committed } = commit;
    const transaction = {
      ...committed,
      thread,
      run,
      ...(tag !== undefined && { tag }),
      prepared: writingOf(prepared.transaction),
      ...(author !== undefined && { author }),
    };
    for (const change of prepared.held.list)
      this.#options.sink.change(transaction, { ...change, offset, row: change.n });
    return notCounted(prepared);
  }

  /** Drops a prepared transaction's changes. Returns GTIDs as `commit` does. */
  rollback(xid: string): readonly string[] {
    const prepared = this.#prepared.take(xid);
    return prepared === undefined || prepared === "empty" ? NONE : notCounted(prepared);
  }
}

/** The GTID of a kept transaction was already counted. */
function notCounted(prepared: PreparedXa): readonly string[] {
  return prepared.kept === null ? gtidsOf(prepared) : NONE;
}

function gtidsOf({ transaction }: PreparedXa): readonly string[] {
  const gtid = gtidOf(transaction);
  return gtid === null ? NONE : [gtid];
}

/** Whether both are one transaction of the binlog, perhaps read from two servers. */
function isSame(one: Transaction, other: Transaction): boolean {
  const gtid = gtidOf(one);
  if (gtid !== gtidOf(other)) return false;
  return gtid !== null || (one.file === other.file && one.start === other.start);
}
