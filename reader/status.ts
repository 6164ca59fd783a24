/** What the reader is doing: waiting behind another one, connecting, following the binlog, or ending. */
export type ReaderState = "standby" | "connecting" | "streaming" | "stopping" | "stopped";

/** What the reader tells of itself, for its health endpoint and its metrics. Changed through its methods only. */
export class ReaderStatus {
  readonly counters = {
    transactions: 0,
    changes: 0,
    frames: 0,
    frameBytes: 0,
    reconnects: 0,
    leasesTaken: 0,
    userChanges: 0,
    /** Rows of the session ledger. */
    registrations: 0,
  };
  /** How long the server keeps its binlog, milliseconds; null when it keeps it for ever, or is not known yet. */
  retentionMs: number | null = null;
  #state: ReaderState = "connecting";
  #sinceMs = Date.now();
  /** When the oldest transaction that is not acknowledged yet was committed; null when all are. */
  #behindSinceMs: number | null = null;
  #offset = "";

  get state(): ReaderState {
    return this.#state;
  }

  enter(state: ReaderState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = Date.now();
  }

  /** Called when a transaction is read that must be sent. */
  behindSince(committedMs: number): void {
    this.#behindSinceMs ??= committedMs;
  }

  /** Called when an offset is saved: everything up to `committedMs` is acknowledged, and whether nothing waits. */
  reached(committedMs: number, settled: boolean, offset: string): void {
    this.#behindSinceMs = settled ? null : committedMs;
    this.#offset = offset;
  }

  /**
   * How far delivery is behind the database, milliseconds: the age of the oldest change that was read and is not
   * acknowledged, or the time since the server was heard last. An idle database is no lag: it is heard through heartbeats.
   */
  lagMs(nowMs: number = Date.now()): number {
    const unheardMs = this.#state === "streaming" ? 0 : nowMs - this.#sinceMs;
    const behindMs = this.#behindSinceMs === null ? 0 : nowMs - this.#behindSinceMs;
    return Math.max(0, unheardMs, behindMs);
  }

  /** How much of the time for which the server keeps its binlog has passed since the oldest unread change, percent. */
  retentionUsedPercent(nowMs: number = Date.now()): number {
    return this.retentionMs === null ? 0 : (this.lagMs(nowMs) / this.retentionMs) * 100;
  }

  snapshot(): object {
    return {
      state: this.#state,
      since: new Date(this.#sinceMs).toISOString(),
      lagMs: this.lagMs(),
      retentionUsedPercent: this.retentionUsedPercent(),
      offset: this.#offset,
      ...this.counters,
    };
  }
}
