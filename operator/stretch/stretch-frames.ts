import { readFrame, type PositionedFrame } from "../../functions/frame/read-frame.ts";
import { InFlightFrames } from "../../reader/frames/in-flight-frames.ts";
import { type BinlogIdentity, OpenFrame } from "../../reader/frames/open-frame.ts";
import { laneFor } from "../../reader/frames/shipment.ts";
import type { SessionBook } from "../../reader/sessions/session-book.ts";
import type { ChangeSink, RowChange, Transaction } from "../../reader/transactions/transaction.ts";

export interface StretchFramesOptions {
  readonly binlog: BinlogIdentity;
  readonly lanes: number;
  readonly sessions: SessionBook;
  readonly includes: (transaction: Transaction, change: RowChange) => boolean;
  /** Returns the transaction with the reader's name of its run. */
  readonly named: (transaction: Transaction) => Transaction;
  /** Called during a large transaction. Reading waits for the returned promise, if there is one. */
  readonly relief: () => Promise<void> | null;
}

/**
 * Puts the changes into frames, one per lane, as the reader does, so that the route function's code
 * can handle them. The frames are sealed together, so that they contain all changes of one part of
 * the binlog.
 */
export class StretchFrames implements ChangeSink {
  readonly #options: StretchFramesOptions;
  #open = new Map<number, OpenFrame>();
  #latest: Transaction | null = null;
  #bytes = 0;

  constructor(options: StretchFramesOptions) {
    this.#options = options;
  }

  /** The size of the open frames. */
  get bytes(): number {
    return this.#bytes;
  }

  change(read: Transaction, change: RowChange): void {
    if (!this.#options.includes(read, change)) return;
    const { named, sessions, lanes, binlog } = this.#options;
    const transaction = named(read);
    if (transaction !== this.#latest) {
      this.#latest = transaction;
      sessions.notice(transaction);
    }
    const lane = laneFor(change.database, change.table, lanes);
    let frame = this.#open.get(lane);
    if (frame === undefined) {
      frame = new OpenFrame(new InFlightFrames().open());
      this.#open.set(lane, frame);
    }
    const before = frame.bytes;
    frame.add(binlog.epoch, transaction, change);
    this.#bytes += frame.bytes - before;
  }

  prepared(transaction: Transaction): void {
    this.#options.sessions.notice(this.#options.named(transaction));
  }

  boundary(): void {
    // Ignored: a stretch is always read from its beginning.
  }

  relief(): Promise<void> | null {
    return this.#options.relief();
  }

  /**
   * Removes the open frames. The returned function waits for their authors and resolves to the
   * sealed frames.
   */
  take(): () => Promise<readonly PositionedFrame[]> {
    const open = [...this.#open].sort(([a], [b]) => a - b);
    this.#open = new Map();
    this.#bytes = 0;
    return () => Promise.all(open.map(([lane, frame]) => this.#seal(lane, frame)));
  }

  async #seal(lane: number, frame: OpenFrame): Promise<PositionedFrame> {
    const { sessions, binlog } = this.#options;
    const authors = await sessions.authorsOf(frame.transactions);
    const { bytes } = frame.seal(binlog, { lane, previous: null }, authors);
    return readFrame(bytes.toString("utf8"), binlog.source);
  }
}
