import type { Boundary, ChangeSink, RowChange, Transaction } from "./transaction.ts";

/**
 * Marks the last change of each transaction. It holds each change back until the next change or the
 * boundary is read. A transaction is contiguous in the binlog, so those bytes already exist.
 */
export class LastChangeMarker implements ChangeSink {
  readonly #sink: ChangeSink;
  #held: { readonly transaction: Transaction; readonly change: RowChange } | null = null;

  constructor(sink: ChangeSink) {
    this.#sink = sink;
  }

  change(transaction: Transaction, change: RowChange): void {
    if (this.#held !== null) this.#sink.change(this.#held.transaction, this.#held.change);
    this.#held = { transaction, change: { ...change, texts: change.texts.kept() } };
  }

  prepared(transaction: Transaction): void {
    this.#sink.prepared(transaction);
  }

  boundary(boundary: Boundary): void {
    if (this.#held !== null) {
      const { transaction, change } = this.#held;
      this.#held = null;
      this.#sink.change(transaction, { ...change, last: true });
    }
    this.#sink.boundary(boundary);
  }

  relief(): Promise<void> | null {
    return this.#sink.relief();
  }
}
