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
    userChanges: 0,
  };
  #state: ReaderState = "connecting";
  #sinceMs = Date.now();
  /** When the oldest transaction that is not acknowledged yet was committed; null when all are. */
  #behindSinceMs: number | null = null;
  #lastProgressMs = Date.now();
  #savedOffset = "";

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

  /** Called when an offset is reached: everything up to `committedMs` is acknowledged, and whether nothing waits. */
  reached(committedMs: number, settled: boolean, offset: string): void {
    this.#behindSinceMs = settled ? null : committedMs;
    this.#lastProgressMs = Date.now();
    this.#savedOffset = offset;
  }

  /** How old the oldest change is that was read and not acknowledged, milliseconds; 0 when there is none. */
  lagMs(nowMs: number = Date.now()): number {
    return this.#behindSinceMs === null ? 0 : Math.max(0, nowMs - this.#behindSinceMs);
  }

  snapshot(): object {
    return {
      state: this.#state,
      since: new Date(this.#sinceMs).toISOString(),
      lagMs: this.lagMs(),
      lastProgress: new Date(this.#lastProgressMs).toISOString(),
      offset: this.#savedOffset,
      ...this.counters,
    };
  }
}
