import type { ParkedRecord, RecordKey } from "../failures/parked.ts";

/** The maximum number of pending writes. Up to this many records may be sent again after a kill. */
const AT_ONCE = 16;

/**
 * Marks records as resolved while the next ones are delivered. Otherwise each record would delay
 * its queue by the time of a write, and a stream could grow faster than it is delivered.
 */
export class Resolutions {
  readonly #resolve: (record: ParkedRecord) => Promise<void>;
  #pending: { readonly before: RecordKey; readonly write: Promise<void> }[] = [];

  constructor(resolve: (record: ParkedRecord) => Promise<void>) {
    this.#resolve = resolve;
  }

  get isFull(): boolean {
    return this.#pending.length >= AT_ONCE;
  }

  /** Begins to mark a record. `before` is the key of the record before it. */
  begin(record: ParkedRecord, before: RecordKey): void {
    const write = this.#resolve(record);
    // `settle` reports the error.
    write.catch(() => undefined);
    this.#pending.push({ before, write });
  }

  /** Waits for all pending writes. Resolves to the first failure; null when there is none. */
  async settle(): Promise<{ readonly before: RecordKey; readonly error: unknown } | null> {
    const pending = this.#pending;
    this.#pending = [];
    const results = await Promise.allSettled(pending.map(({ write }) => write));
    for (const [index, { before }] of pending.entries()) {
      const result = results[index];
      if (result?.status === "rejected") return { before, error: result.reason };
    }
    return null;
  }
}
