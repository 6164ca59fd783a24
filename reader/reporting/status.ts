import { EventType } from "../binlog-format/events/event-types.ts";

/** An event this young is at the end of the binlog, for all that lag is about. */
const FRESH_MS = 2000;

/**
 * What the reader is doing. `run-reader.ts` and `follow-source.ts` enter the states:
 *
 * - `standby`: another reader holds the lease of the source;
 * - `connecting`: this one holds it, and connects or waits before the next attempt; also before it
 *   has asked for the lease;
 * - `waiting`: it could read, and waits until what was sent in another number of lanes is
 *   delivered;
 * - `streaming`: events of the binlog come;
 * - `blocked`: it cannot read until a person has acted; it has given the lease back, and tries
 *   again after a while;
 * - `stopping`: told to end, it sends what was read and saves the offset;
 * - `stopped`: it has ended.
 *
 * An attempt that fails leads from `streaming` to `connecting`, or to `blocked`; a lost lease from
 * there to `standby`.
 */
export type ReaderState =
  | "standby"
  | "connecting"
  | "waiting"
  | "streaming"
  | "blocked"
  | "stopping"
  | "stopped";

/**
 * What the reader tells of itself, for its health endpoint and its metrics. Changed through its
 * methods only.
 */
export class ReaderStatus {
  readonly counters = {
    transactions: 0,
    changes: 0,
    frames: 0,
    frameBytes: 0,
    reconnects: 0,
    leasesTaken: 0,
    /** Of connections that changed their user without telling the session ledger. */
    userChanges: 0,
    /** XA transactions whose changes were prepared before reading began. */
    unknownXa: 0,
    /** Rows of the session ledger. */
    registrations: 0,
    snapshotRows: 0,
    snapshotChunks: 0,
    snapshotRereads: 0,
  };
  /** Whether a snapshot waits for a person. */
  isSnapshotStopped = false;
  /**
   * How long the server keeps its binlog, milliseconds; null when it keeps it for ever, or is not
   * known yet.
   */
  retentionMs: number | null = null;
  /** Whether an error that a person must act on has ended the last attempt. */
  isStoppedByError = false;
  /**
   * Whether the offsets table has said that this source was never read: nothing is expected of a
   * reader then.
   */
  #isNew = false;
  #state: ReaderState = "connecting";
  #sinceMs = Date.now();
  /** When the oldest transaction that is not acknowledged yet was committed; null when all are. */
  #behindSinceMs: number | null = null;
  /**
   * Up to when the binlog was read, while it is not known that its end was reached; null when it
   * was.
   */
  #readUpToMs: number | null = null;
  /** Whether this process has read the binlog since it became more than a standby. */
  #hasRead = false;
  /**
   * How far the server's clock, by which times in the binlog are, is ahead of this machine's,
   * milliseconds.
   */
  #serverAheadMs = 0;
  #offset = "";
  /**
   * When the XA transaction was prepared for which the offset waits; null where it waits for none.
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
   * Called with the saved offset's commit time before the server is reached, null when the source
   * was never read. Until the binlog is read, nothing else says how far behind this reader is.
   */
  expects(committedMs: number | null): void {
    this.#isNew = committedMs === null;
    if (committedMs !== null && !this.#hasRead) this.startsAt(committedMs);
  }

  /** Whether it reads, or could do so at once: what a check of readiness asks. */
  get isReady(): boolean {
    return ["waiting", "streaming", "standby"].includes(this.#state);
  }

  /**
   * Whether it reads, or waits for what was sent before it goes on by itself: the lag says how
   * long.
   */
  get isReading(): boolean {
    return this.#state === "streaming" || this.#state === "waiting";
  }

  /**
   * Whether it does not read although the source was read before, or although nothing says that it
   * was not.
   */
  get isHeldUp(): boolean {
    return !this.#isNew && (this.#state === "connecting" || this.#state === "blocked");
  }

  /** Takes how far the server's clock is ahead of this machine's, milliseconds. */
  clockIsAhead(ms: number): void {
    this.#serverAheadMs = ms;
  }

  /**
   * Called when reading begins behind a transaction that was committed at `committedMs`; 0 when
   * none is known.
   */
  startsAt(committedMs: number): void {
    this.#readUpToMs = committedMs === 0 ? null : committedMs;
  }

  /**
   * Called with each event: its type and its header's time. The server sends heartbeats when it has
   * nothing else to send.
   */
  hears(type: number, timestampMs: number): void {
    if (this.#readUpToMs === null) return;
    const isEnd =
      type === EventType.HEARTBEAT_LOG_EVENT ||
      type === EventType.HEARTBEAT_LOG_EVENT_V2 ||
      timestampMs > Date.now() + this.#serverAheadMs - FRESH_MS;
    if (isEnd) this.#readUpToMs = null;
    else if (timestampMs > 0) this.#readUpToMs = timestampMs;
  }

  /** Called when a transaction is read that must be sent. */
  behindSince(committedMs: number): void {
    this.#behindSinceMs ??= committedMs;
  }

  /**
   * Called when an offset is saved: everything up to `committedMs` is acknowledged, and whether
   * nothing waits.
   */
  reached(committedMs: number, settled: boolean, offset: string): void {
    this.#behindSinceMs = settled ? null : committedMs;
    this.#offset = offset;
  }

  /**
   * How far delivery is behind the database, milliseconds: the age of the oldest change that was
   * read and is not acknowledged, of the last event that was read while the end of the binlog was
   * not reached yet, or the time since the server was heard last. An idle database is no lag: it is
   * heard through heartbeats.
   */
  lagMs(nowMs: number = Date.now()): number {
    const unheardMs = this.#state === "streaming" ? 0 : nowMs - this.#sinceMs;
    const serverMs = nowMs + this.#serverAheadMs;
    const behindMs = this.#behindSinceMs === null ? 0 : serverMs - this.#behindSinceMs;
    const unreadMs = this.#readUpToMs === null ? 0 : serverMs - this.#readUpToMs;
    return Math.max(0, unheardMs, behindMs, unreadMs);
  }

  /**
   * How much of the time for which the server keeps its binlog has passed since the oldest change
   * that must be read again or still, percent; null while that time is not known.
   */
  retentionUsedPercent(nowMs: number = Date.now()): number | null {
    if (this.retentionMs === null) return null;
    const heldMs = this.#heldMs === null ? 0 : nowMs + this.#serverAheadMs - this.#heldMs;
    return (Math.max(this.lagMs(nowMs), heldMs) / this.retentionMs) * 100;
  }

  /**
   * Called with the offset that reading begins from, and with each one that is saved. `preparedMs`:
   * when the oldest XA transaction was prepared that is prepared still; `heldMs`: the oldest that
   * holds the offset back. Null for none.
   */
  waitsSince(preparedMs: number | null, heldMs: number | null): void {
    this.#preparedMs = preparedMs;
    this.#heldMs = heldMs;
  }

  /** How long the oldest XA transaction has been prepared, milliseconds; 0 where none is. */
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
