import { UnreadableBinlogError } from "../reporting/errors.ts";
import { HeldChanges } from "./held-changes.ts";
import { type PreparedXa, PreparedXaTransactions } from "./prepared-xa.ts";
import {
  type ChangeSink,
  type KeptXa,
  type RowChange,
  type Transaction,
  writingOf,
} from "./transaction.ts";

export interface XaOptions {
  /** How much memory changes may take that are not committed yet, bytes. */
  readonly heldLimitBytes: number;
  /**
   * Called at the commit of a transaction that was prepared before reading began: its changes
   * cannot be delivered. `transaction`: the one of the binlog that commits it.
   */
  readonly onUnknownXa: (commit: UnknownXa, transaction: Transaction) => void;
  readonly sink: Pick<ChangeSink, "change" | "prepared">;
  /** Those whose changes were kept before reading began. */
  readonly preparedXa: readonly PreparedXa[];
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

const NONE: readonly string[] = [];

/**
 * What becomes of the changes of XA transactions. From XA START on they are kept back: prepared,
 * they wait in memory until the commit, which comes with another transaction of the binlog, perhaps
 * much later and from another connection. Those that wait for long are written to the payload
 * bucket as well (`XaKeeper`), so that reading need not go back to them.
 */
export class XaTransactions {
  readonly #options: XaOptions;
  readonly #prepared = new PreparedXaTransactions();

  /**
   * GTIDs of what was kept since the latest boundary: they count as executed from the next one on.
   */
  #keptGtids: readonly string[] = NONE;

  constructor(options: XaOptions) {
    this.#options = options;
    for (const prepared of options.preparedXa) this.#prepared.add(prepared);
  }

  /** Those in memory only, in the order in which they were prepared. */
  unkept(): Iterable<PreparedXa> {
    return this.#prepared.unkept();
  }

  /** Those whose changes are kept. */
  get kept(): readonly KeptXa[] {
    return this.#prepared.kept;
  }

  /** Records that the changes of a prepared one are kept. */
  keep(prepared: PreparedXa, kept: KeptXa): void {
    if (this.#prepared.keep(prepared, kept))
      this.#keptGtids = [...this.#keptGtids, ...gtidOf(prepared)];
  }

  /** The GTIDs that count as executed since the last call because what they prepared is kept. */
  takeKeptGtids(): readonly string[] {
    const gtids = this.#keptGtids;
    this.#keptGtids = NONE;
    return gtids;
  }

  /** The one prepared first of those in memory only: reading can go on from there at the latest. */
  get oldest(): PreparedXa | undefined {
    return this.#prepared.oldest;
  }

  /** What the changes that follow an XA START are kept in. */
  start(xid: string): HeldChanges {
    return new HeldChanges(xid);
  }

  /**
   * Keeps a change back. Throws UnreadableBinlogError when all that is kept takes more memory than
   * it may.
   */
  hold(held: HeldChanges, { gtid, file }: Transaction, change: RowChange): void {
    held.add(change);
    const limit = this.#options.heldLimitBytes;
    if (held.bytes + this.#prepared.bytes <= limit) return;
    throw new UnreadableBinlogError(
      `the XA transaction ${held.xid}${gtid === null ? "" : ` (${gtid})`} and those prepared before it have changes of more than ${limit} bytes, and must be kept in memory until they commit`,
      "Give the reader more memory (--max-old-space-size in its NODE_OPTIONS), a quarter of which may be used for this; or pass it by `npm run offsets -- set`, which loses its changes.",
      { file, offset: change.offset },
    );
  }

  /** Takes one that is prepared, and says whether changes of it wait for the commit. */
  prepare(prepared: PreparedXa): boolean {
    if (prepared.held.list.length === 0) {
      this.#prepared.addEmpty(prepared.held.xid);
      return false;
    }
    this.#prepared.add(prepared);
    this.#options.sink.prepared(prepared.transaction);
    return true;
  }

  /** Hands over what was kept of one that is committed without having been prepared. */
  commitOnePhase(held: HeldChanges, transaction: Transaction): void {
    for (const change of held.list) this.#options.sink.change(transaction, change);
  }

  /**
   * Hands over a prepared one, with the position of its commit; its author is who prepared it.
   * Returns the GTIDs beside the commit's own that count as executed only now.
   *
   * @param commit the transaction of the binlog that commits it
   * @param offset where its statement stands, bytes
   */
  commit(xid: string, commit: Transaction, offset: number): readonly string[] {
    const prepared = this.#prepared.take(xid);
    if (prepared === "empty") return NONE;
    if (prepared === undefined) {
      const { gtid, file } = commit;
      this.#options.onUnknownXa({ gtid, xid, file, offset }, commit);
      return NONE;
    }
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

  /**
   * Forgets a prepared one. Returns the GTIDs that count as executed only now, as `commit` does.
   */
  rollback(xid: string): readonly string[] {
    const prepared = this.#prepared.take(xid);
    return prepared === undefined || prepared === "empty" ? NONE : notCounted(prepared);
  }
}

/** A kept one's GTID was counted when it was kept. */
function notCounted(prepared: PreparedXa): readonly string[] {
  return prepared.kept === null ? gtidOf(prepared) : NONE;
}

function gtidOf({ transaction: { gtid } }: PreparedXa): readonly string[] {
  return gtid === null ? NONE : [gtid];
}
