import { WHOLE_DATABASE } from "../../wire/table-patterns.ts";
import { GtidIntervals } from "../frames/gtid-intervals.ts";
import type { Boundary, ChangeSink, RowChange, Transaction } from "../transactions/transaction.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import type { StreamPosition } from "./stream-position.ts";
import type { TableName } from "./find-tables.ts";

/** A stream whose events pass. */
interface PassedStream {
  /**
   * The end of the last event, if it lies between two transactions and was read without an error;
   * else null.
   */
  readonly boundary: StreamPosition | null;
}

const NOTHING_PASSED: PassedStream = { boundary: null };

/**
 * Passes the stream's changes to its sink and to the reader of a snapshot, and collects the GTIDs
 * of passed transactions.
 */
export class StreamTap implements ChangeSink {
  readonly #sink: ChangeSink;
  #passed = new GtidIntervals();
  #watched: (TableName & { readonly reader: ChunkReader }) | null = null;
  #stream: PassedStream = NOTHING_PASSED;
  #hasAnonymous = false;

  /**
   * The GTIDs that reads may not show yet, except those in `#passed`, in the text form of a set.
   */
  #unseen: string;

  /** `passed`: the GTIDs of the transactions before the first event. */
  constructor(sink: ChangeSink, passed: string) {
    this.#sink = sink;
    this.#unseen = passed;
  }

  /** From now on passes the changes of a table to this reader, and none to the previous one. */
  watch(name: TableName, reader: ChunkReader): void {
    this.#watched = { ...name, reader };
    const { boundary } = this.#stream;
    if (boundary !== null) void reader.passes(boundary);
  }

  /** Stops passing changes to a reader. */
  unwatch(): void {
    this.#watched = null;
  }

  /**
   * The GTIDs of the passed transactions that reads may not show yet, in the text form of a set; ""
   * for none.
   */
  unseen(): string {
    this.#unseen = [this.#unseen, this.#passed.toString()].filter((set) => set !== "").join(",");
    this.#passed = new GtidIntervals();
    return this.#unseen;
  }

  /** Whether a transaction without a GTID has passed that reads may not show yet. */
  get hasAnonymous(): boolean {
    return this.#hasAnonymous;
  }

  /** Called when reads show all transactions without a GTID. */
  seesAnonymous(): void {
    this.#hasAnonymous = false;
  }

  /** Called when reads show all transactions that `unseen` returned. */
  sees(unseen: string): void {
    if (this.#unseen === unseen) this.#unseen = "";
  }

  /** Called after each event of `stream`. */
  at(stream: PassedStream): void | Promise<void> {
    this.#stream = stream;
    const watched = this.#watched;
    if (watched === null) return;
    const { boundary } = stream;
    if (boundary === null) watched.reader.enters();
    else return watched.reader.passes(boundary);
  }

  change(transaction: Transaction, change: RowChange): void {
    this.#sink.change(transaction, change);
    if (transaction.gtid === null) this.#hasAnonymous = true;
    const watched = this.#watched;
    if (watched === null || watched.database !== change.database) return;
    if (change.table === watched.table || change.table === WHOLE_DATABASE)
      watched.reader.change(change);
  }

  prepared(transaction: Transaction): void {
    this.#sink.prepared(transaction);
  }

  boundary(boundary: Boundary): void {
    this.#passed.addExecuted(boundary);
    this.#sink.boundary(boundary);
  }

  relief(): Promise<void> | null {
    return this.#sink.relief();
  }
}
