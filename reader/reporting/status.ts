import { EventType } from "../binlog-format/events/event-types.ts";

/** For the lag, an event younger than this counts as the end of the binlog. */
const FRESH_MS = 2000;

/**
 * The reader's state, as `run-reader.ts` and `follow-source.ts` set it:
 *
 * - `standby`: another reader holds the lease of the source;
 * - `connecting`: this reader holds the lease, and connects or waits before the next attempt; also
 *   the state before the first request for the lease;
 * - `waiting`: it can read, but waits until everything sent with another number of lanes is
 *   delivered;
 * - `streaming`: it receives events of the binlog;
 * - `blocked`: it cannot read until a person has acted; it has released the lease, and tries again
 *   after a while;
 * - `stopping`: the attempt ends; it sends what was read and saves the offset;
 * - `stopped`: the reader has ended.
 *
 * A failed attempt leads to `connecting` or `blocked`; a lost lease leads to `standby`.
 */
export type ReaderState =
  | "standby"
  | "connecting"
  | "waiting"
  | "streaming"
  | "blocked"
  | "stopping"
  | "stopped";

/** The reader's status, for its health endpoint and metrics. */
export class ReaderStatus {
  readonly counters = {
    transactions: 0,
    changes: 0,
    frames: 0,
    frameBytes: 0,
    reconnects: 0,
    leasesTaken: 0,
    /** User changes (COM_CHANGE_USER) that the session ledger did not register. */
    userChanges: 0,
    /** Committed XA transactions that were prepared before reading began. */
    unknownXa: 0,
    /** Registrations read from the session ledger. */
    registrations: 0,
    snapshotRows: 0,
    snapshotChunks: 0,
    snapshotRereads: 0,
  };
  /** Whether a snapshot has stopped until a person acts. */
  isSnapshotStopped = false;
  /** How long the server keeps its binlog, milliseconds; null: for ever, or not known yet. */
  retentionMs: number | null = null;
  /** Whether the last attempt ended with an error that a person must act on. */
  isStoppedByError = false;
  /**
   * Whether the offsets table has no offset of this source yet: a reader that does not read is then
   * not held up.
   */
  #isNew = false;
  #state: ReaderState = "connecting";
  #sinceMs = Date.now();
  /** The commit time of the oldest unacknowledged transaction; null when all are acknowledged. */
  #behindSinceMs: number | null = null;
  /** The time of the last event that was read; null once the end of the binlog was reached. */
  #readUpToMs: number | null = null;
  /** The time of the last event that was heard since reading began; null: none. */
  #heardMs: number | null = null;
  /** Whether this process has read the binlog since it was last a standby. */
  #hasRead = false;
  /**
   * How far the server's clock is ahead of this machine's, milliseconds. Times in the binlog are
   * those of the server's clock.
   */
  #serverAheadMs = 0;
  #offset = "";
  /**
   * When the oldest prepared XA transaction was prepared (`#preparedMs`), and the one that holds
   * the offset back (`#heldMs`); null: none.
   */
  #preparedMs: number | null = null;
  #heldMs: number | null = null;

  get state(): ReaderState {
    return this.#state;
  }

  enter(state: ReaderState): void {
    if (state === this.#state) return;
    if (state === "streaming") this.#hasRead = true;
    if (state === "standby") this.#hasRead = false;
    if (state === "streaming" || state === "standby") this.isStoppedByError = false;
    this.#state = state;
    this.#sinceMs = Date.now();
  }

  /**
   * Called before the reader connects, with the commit time of the saved offset; null when the
   * source was never read. Until the binlog is read, the lag is computed from this time.
   */
  expects(committedMs: number | null): void {
    this.#isNew = committedMs === null;
    if (committedMs !== null && !this.#hasRead) this.startsAt(committedMs);
  }

  /** The answer to a readiness check: whether the reader reads, or could do so at once. */
  get isReady(): boolean {
    return ["waiting", "streaming", "standby"].includes(this.#state);
  }

  /**
   * Whether the reader reads, or waits for delivery and then reads by itself; the lag shows how
   * long.
   */
  get isReading(): boolean {
    return this.#state === "streaming" || this.#state === "waiting";
  }

  /** Whether the reader does not read a source that was read before or may have been. */
  get isHeldUp(): boolean {
    return !this.#isNew && (this.#state === "connecting" || this.#state === "blocked");
  }

  /** Called with how far the server's clock is ahead of this machine's, milliseconds. */
  clockIsAhead(ms: number): void {
    this.#serverAheadMs = ms;
  }

  /**
   * Called when reading begins behind a transaction with the commit time `committedMs`; 0 when it
   * is unknown.
   */
  startsAt(committedMs: number): void {
    this.#readUpToMs = committedMs === 0 ? null : committedMs;
    this.#heardMs = null;
  }

  /**
   * Called with the type and the header's time of each event. The server sends heartbeats only when
   * it has no other event to send.
   */
  hears(type: number, timestampMs: number): void {
    if (this.#readUpToMs === null) return;
    const isHeartbeat =
      type === EventType.HEARTBEAT_LOG_EVENT || type === EventType.HEARTBEAT_LOG_EVENT_V2;
    // An event of the same second as the one before is no nearer to the end.
    if (!isHeartbeat && timestampMs === this.#heardMs) return;
    this.#heardMs = timestampMs;
    const isFresh = timestampMs > Date.now() + this.#serverAheadMs - FRESH_MS;
    if (isHeartbeat || isFresh) this.#readUpToMs = null;
    else if (timestampMs > 0) this.#readUpToMs = timestampMs;
  }

  /** Called for each transaction with changes that are to be sent. */
  behindSince(committedMs: number): void {
    this.#behindSinceMs ??= committedMs;
  }

  /**
   * Called when an offset is saved. Everything up to `committedMs` is acknowledged; `settled`: no
   * change is in flight.
   */
  reached(committedMs: number, settled: boolean, offset: string): void {
    this.#behindSinceMs = settled ? null : committedMs;
    this.#offset = offset;
  }

  /**
   * How far the reader is behind the database, milliseconds. It is the largest of: the age of the
   * oldest unacknowledged change; the age of the last event, until the end of the binlog is
   * reached; the time since the reader was last streaming. An idle database causes no lag, because
   * the server sends heartbeats.
   */
  lagMs(nowMs: number = Date.now()): number {
    const unheardMs = this.#state === "streaming" ? 0 : nowMs - this.#sinceMs;
    const serverMs = nowMs + this.#serverAheadMs;
    const behindMs = this.#behindSinceMs === null ? 0 : serverMs - this.#behindSinceMs;
    const unreadMs = this.#readUpToMs === null ? 0 : serverMs - this.#readUpToMs;
    return Math.max(0, unheardMs, behindMs, unreadMs);
  }

  /**
   * The age of the oldest change that must still be read, or read again, in percent of the binlog's
   * retention; null while the retention is unknown or unlimited.
   */
  retentionUsedPercent(nowMs: number = Date.now()): number | null {
    if (this.retentionMs === null) return null;
    const heldMs = this.#heldMs === null ? 0 : nowMs + this.#serverAheadMs - this.#heldMs;
    return (Math.max(this.lagMs(nowMs), heldMs) / this.retentionMs) * 100;
  }

  /**
   * Called when reading begins and when an offset is saved. `preparedMs`: when the oldest XA
   * transaction that is still prepared was prepared; `heldMs`: the same for the one that holds the
   * offset back. null: none.
   */
  waitsSince(preparedMs: number | null, heldMs: number | null): void {
    this.#preparedMs = preparedMs;
    this.#heldMs = heldMs;
  }

  /**
   * How long the oldest prepared XA transaction has been prepared, milliseconds; 0 when there is
   * none.
   */
  preparedXaMs(nowMs: number = Date.now()): number {
    const serverMs = nowMs + this.#serverAheadMs;
    return this.#preparedMs === null ? 0 : Math.max(0, serverMs - this.#preparedMs);
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
