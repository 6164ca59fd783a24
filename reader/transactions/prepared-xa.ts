import type { HeldChanges } from "./held-changes.ts";
import type { KeptXa, Transaction } from "./transaction.ts";

export interface PreparedXa {
  readonly transaction: Transaction;
  readonly held: HeldChanges;
  /**
   * The run that goes on there; the transaction's own is another one where another server executed
   * it.
   */
  readonly run: number | null;
  /** Where its changes are kept outside of this process; null where they are in memory only. */
  readonly kept: KeptXa | null;
}

/**
 * XA transactions that are prepared and neither committed nor rolled back. Their changes wait here,
 * since nobody may see them yet. The offset waits with those that are in memory only: they must be
 * read again after a restart.
 */
export class PreparedXaTransactions {
  // In the order in which they were prepared, which Map keeps.
  readonly #prepared = new Map<string, PreparedXa>();
  readonly #empty = new Set<string>();
  #kept: readonly KeptXa[] = [];

  /** What their changes take in memory, at most. */
  bytes = 0;

  add(prepared: PreparedXa): void {
    this.#prepared.set(prepared.held.xid, prepared);
    this.bytes += prepared.held.bytes;
    if (prepared.kept !== null) this.#listKept();
  }

  /**
   * Records that the changes of one are kept. False when it has been committed or rolled back
   * meanwhile.
   */
  keep(prepared: PreparedXa, kept: KeptXa): boolean {
    const { xid } = prepared.held;
    if (this.#prepared.get(xid) !== prepared) return false;
    this.#prepared.set(xid, { ...prepared, kept });
    this.#listKept();
    return true;
  }

  /** Those whose changes are kept, in the order in which they were prepared. */
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
   * Takes one out; "empty" when no change is to come of it, undefined when it was prepared before
   * reading began.
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

  /** Those that are in memory only, in the order in which they were prepared. */
  *unkept(): Generator<PreparedXa> {
    for (const prepared of this.#prepared.values()) if (prepared.kept === null) yield prepared;
  }

  /** The one prepared first of those in memory only: a reader that starts must go back to it. */
  get oldest(): PreparedXa | undefined {
    return this.#kept.length === this.#prepared.size
      ? undefined
      : (this.unkept().next().value ?? undefined);
  }
}
