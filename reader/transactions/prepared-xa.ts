import type { HeldChanges } from "./held-changes.ts";
import type { Transaction } from "./transaction.ts";

export interface PreparedXa {
  readonly transaction: Transaction;
  readonly held: HeldChanges;
  /** The run that goes on there; the transaction's own is another one where another server executed it. */
  readonly run: number | null;
}

/**
 * XA transactions that are prepared and neither committed nor rolled back. Their changes wait here, since nobody may see
 * them yet, and the offset waits with them: what is in memory only must be read again after a restart.
 */
export class PreparedXaTransactions {
  // In the order in which they were prepared, which Map keeps.
  readonly #prepared = new Map<string, PreparedXa>();
  readonly #empty = new Set<string>();

  /** What their changes take in memory, at most. */
  bytes = 0;

  add(prepared: PreparedXa): void {
    this.#prepared.set(prepared.held.xid, prepared);
    this.bytes += prepared.held.bytes;
  }

  /** Records a prepared XA transaction without changes in followed tables, so its commit is not reported as unknown. */
  addEmpty(xid: string): void {
    this.#empty.add(xid);
  }

  /** Takes one out; "empty" when no change is to come of it, undefined when it was prepared before reading began. */
  take(xid: string): PreparedXa | "empty" | undefined {
    if (this.#empty.delete(xid)) return "empty";
    const prepared = this.#prepared.get(xid);
    this.#prepared.delete(xid);
    this.bytes -= prepared?.held.bytes ?? 0;
    return prepared;
  }

  /** The one prepared first, up to which a reader by file and position must go back. */
  get oldest(): PreparedXa | undefined {
    return this.#prepared.values().next().value;
  }
}
