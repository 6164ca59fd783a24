import { WHOLE_DATABASE } from "../../wire/table-patterns.ts";
import { GtidIntervals } from "../frames/gtid-intervals.ts";
import type { Boundary, ChangeSink, RowChange, Transaction } from "../transactions/transaction.ts";
import type { ChunkReader, Place } from "./chunk-reader.ts";
import type { TableName } from "./find-tables.ts";

/** Shows a snapshot what the stream hands out, and keeps the GTIDs of what it has passed. */
export class StreamTap implements ChangeSink {
  readonly #sink: ChangeSink;
  #passed = new GtidIntervals();
  #watched: (TableName & { readonly reader: ChunkReader }) | null = null;
  #place: Place | null = null;

  /** What may not be visible to reads yet, but for `#passed`; in the text form of a set. */
  #unseen: string;

  /** `passed`: the GTIDs of what lies before the first event. */
  constructor(sink: ChangeSink, passed: string) {
    this.#sink = sink;
    this.#unseen = passed;
  }

  /**
   * Shows a reader the changes of its table from here on, and no longer those of the one before it.
   */
  watch(name: TableName, reader: ChunkReader): void {
    this.#watched = { ...name, reader };
    if (this.#place !== null) void reader.passes(this.#place);
  }

  /** Shows no reader anything. */
  unwatch(): void {
    this.#watched = null;
  }

  /**
   * The GTIDs of all that was passed and is not known to be visible to reads, in the text form of a
   * set; "" for none.
   */
  unseen(): string {
    this.#unseen = [this.#unseen, this.#passed.toString()].filter((set) => set !== "").join(",");
    this.#passed = new GtidIntervals();
    return this.#unseen;
  }

  /** Reads show all of what `unseen` has said. */
  sees(unseen: string): void {
    if (this.#unseen === unseen) this.#unseen = "";
  }

  /**
   * Called behind each event. `place`: where it ends, between two transactions; null inside of one.
   */
  at(place: Place | null): void | Promise<void> {
    this.#place = place;
    if (place === null) this.#watched?.reader.enters();
    else return this.#watched?.reader.passes(place);
  }

  change(transaction: Transaction, change: RowChange): void {
    this.#sink.change(transaction, change);
    this.#place = null;
    const watched = this.#watched;
    if (watched === null || watched.database !== change.database) return;
    if (change.table === watched.table || change.table === WHOLE_DATABASE)
      watched.reader.change(change);
  }

  prepared(transaction: Transaction): void {
    this.#sink.prepared(transaction);
  }

  boundary(boundary: Boundary): void {
    for (const gtid of boundary.gtids) this.#passed.add(gtid);
    this.#sink.boundary(boundary);
  }

  relief(): Promise<void> | null {
    return this.#sink.relief();
  }
}
