import type { SavedNames } from "../statements/saved-names.ts";
import type { HeldChanges } from "./held-changes.ts";
import type { KeptXa, Transaction } from "./transaction.ts";

export interface PreparedXa {
  readonly transaction: Transaction;
  readonly held: HeldChanges;
  /**
   * The server run at the transaction's position. `transaction.run` differs when another server
   * executed it. null for a restored transaction.
   */
  readonly run: number | null;
  /** The former names at the transaction's position. */
  readonly names?: SavedNames | undefined;
  /** Where the changes are kept in the payload bucket; null when they are in memory only. */
  readonly kept: KeptXa | null;
  /**
   * Whether a reader that followed other tables kept the changes, so those of tables that are
   * followed now may be missing.
   */
  readonly isPartial?: boolean;
}

/**
 * XA transactions that are prepared and neither committed nor rolled back. Their changes are held
 * here until then. The offset cannot pass those that are in memory only, which must be read again
 * after a restart.
 */
export class PreparedXaTransactions {
  // A Map keeps the order in which they were prepared.
  readonly #prepared = new Map<string, PreparedXa>();
  readonly #empty = new Set<string>();
  #kept: readonly KeptXa[] = [];

  /** The memory that all their changes take, bytes; an upper bound. */
  bytes = 0;

  /** No other transaction has its xid; see `take`. */
  add(prepared: PreparedXa): void {
    this.#prepared.set(prepared.held.xid, prepared);
    this.bytes += prepared.held.bytes;
    if (prepared.kept !== null) this.#listKept();
  }

  /**
   * Records that a transaction's changes are kept. Returns false when the transaction was committed
   * or rolled back meanwhile.
   */
  keep(prepared: PreparedXa, kept: KeptXa): boolean {
    const { xid } = prepared.held;
    if (this.#prepared.get(xid) !== prepared) return false;
    this.#prepared.set(xid, { ...prepared, kept });
    this.#listKept();
    return true;
  }

  /** The transactions whose changes are kept, in the order in which they were prepared. */
  get kept(): readonly KeptXa[] {
    return this.#kept;
  }

  #listKept(): void {
    this.#kept = Array.from(this.#prepared.values(), ({ kept }) => kept).filter(
      (kept) => kept !== null,
    );
  }

  /**
   * Records a prepared XA transaction without changes in followed tables, so its commit is not
   * reported as unknown.
   */
  addEmpty(xid: string): void {
    this.#empty.add(xid);
  }

  /**
   * Removes and returns a transaction; "empty" when it has no changes in followed tables, undefined
   * when its prepare was not read.
   */
  take(xid: string): PreparedXa | "empty" | undefined {
    if (this.#empty.delete(xid)) return "empty";
    const prepared = this.#prepared.get(xid);
    if (prepared === undefined) return undefined;
    this.#prepared.delete(xid);
    this.bytes -= prepared.held.bytes;
    if (prepared.kept !== null) this.#listKept();
    return prepared;
  }

  /** The transactions that are in memory only, in the order in which they were prepared. */
  *unkept(): Generator<PreparedXa> {
    for (const prepared of this.#prepared.values()) if (prepared.kept === null) yield prepared;
  }

  /** The oldest transaction that is in memory only: a restarted reader must read from there. */
  get oldest(): PreparedXa | undefined {
    return this.#kept.length === this.#prepared.size
      ? undefined
      : (this.unkept().next().value ?? undefined);
  }
}
