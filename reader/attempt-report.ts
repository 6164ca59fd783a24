import type { SealedFrame } from "./frames/lane.ts";
import { describeOffset, type Offset } from "./offsets/offset.ts";
import type { Log } from "./reporting/log.ts";
import type { ReaderStatus } from "./reporting/status.ts";
import type { ServerState } from "./source/server-state.ts";
import { type Transaction, gtidOf } from "./transactions/transaction.ts";
import type { UnknownXa } from "./transactions/xa-transactions.ts";

/**
 * Reports one attempt to follow the source: writes its log lines and updates the reader's status.
 */
export class AttemptReport {
  readonly #status: ReaderStatus;
  readonly #log: Log;

  constructor(status: ReaderStatus, log: Log) {
    this.#status = status;
    this.#log = log;
  }

  /** Called with the saved offset before the reader connects to the server. */
  expects(offset: Offset | null): void {
    this.#waits(offset);
    this.#status.expects(offset?.committedMs ?? null);
  }

  /**
   * `retentionMs`: how long the server keeps its binlog, milliseconds; null when it keeps it for
   * ever.
   */
  begins({ committedMs, waiting, keptXa }: Offset, retentionMs: number | null): void {
    this.#status.retentionMs = retentionMs;
    this.#waits({ waiting, keptXa });
    this.#status.startsAt(committedMs);
  }

  /**
   * `aheadMs`: how far the server's clock is ahead of this machine's; null when it was not
   * measured.
   */
  clock(aheadMs: number | null): void {
    if (aheadMs !== null) this.#status.clockIsAhead(aheadMs);
  }

  follows(offset: Offset, { uuid: server, version }: ServerState): void {
    const { retentionMs } = this.#status;
    this.#log.info(
      { offset: describeOffset(offset), epoch: offset.epoch, server, version, retentionMs },
      "following the binlog",
    );
  }

  /** Called with each event of the dump, which begins at `start`. */
  event(bytes: Buffer, start: number): void {
    this.#status.enter("streaming");
    this.#status.hears(bytes[start + 4] ?? 0, bytes.readUInt32LE(start) * 1000);
  }

  /** Called with each transaction that has changes. */
  transaction({ committedUs }: Transaction): void {
    this.#status.counters.transactions++;
    this.#status.behindSince(committedUs / 1000);
  }

  registration(): void {
    this.#status.counters.registrations++;
  }

  userChanged(thread: number): void {
    this.#status.counters.userChanges++;
    this.#log.warn({ thread }, "a connection changed its user while it was open (COM_CHANGE_USER)");
  }

  /** Called when a GTID tag and the session ledger name different users; the changes are parked. */
  disagreement(transaction: Transaction): void {
    this.#log.error(
      { gtid: gtidOf(transaction), thread: transaction.thread },
      "a transaction's GTID tag names another user than the session ledger does for its connection: its author counts as unknown",
    );
  }

  /** `isResumed`: an earlier reader may have delivered the transaction's changes. */
  unknownXa(commit: UnknownXa, isResumed: boolean): void {
    this.#status.counters.unknownXa++;
    this.#log.error(
      commit,
      commit.isPartial === true
        ? "an XA transaction was committed whose changes were kept while other tables were followed: any in tables that were not followed then are not delivered"
        : isResumed
          ? "an XA transaction was committed that was prepared before the position where this reader began: any of its changes that were not delivered before are not delivered"
          : "an XA transaction was committed that was prepared before the position where reading began: its changes are not delivered",
    );
  }

  unloggedEnd(prepare: UnknownXa): void {
    this.#status.counters.unknownXa++;
    this.#log.error(
      prepare,
      "a prepared XA transaction ended without a record in the binlog (sql_log_bin = 0, or log_bin was off), and its xid is used again: if it was committed, its changes are not delivered",
    );
  }

  get counters(): ReaderStatus["counters"] {
    return this.#status.counters;
  }

  /** The lag of the stream, milliseconds. */
  get lagMs(): number {
    return this.#status.lagMs();
  }

  /** `isStopped`: whether a snapshot has stopped until a person acts. */
  snapshotStopped(isStopped: boolean): void {
    this.#status.isSnapshotStopped = isStopped;
  }

  frameSent({ text, changes }: SealedFrame): void {
    const { counters } = this.#status;
    counters.frames++;
    counters.frameBytes += text.length;
    counters.changes += changes;
  }

  /** `isSettled`: no change of the stream is in flight. */
  saved(offset: Offset, isSettled: boolean): void {
    this.#waits(offset);
    this.#status.reached(offset.committedMs, isSettled, describeOffset(offset));
  }

  stopped(offset: Offset, settled: boolean): void {
    this.#log.info({ offset: describeOffset(offset), settled }, "stopped following the binlog");
  }

  #waits(offset: Pick<Offset, "waiting" | "keptXa"> | null): void {
    const held = offset?.waiting?.preparedMs;
    const kept = (offset?.keptXa ?? []).map(({ transaction }) => transaction.committedUs / 1000);
    const preparedMs = held === undefined ? kept : [...kept, held];
    const oldest = preparedMs.length === 0 ? null : Math.floor(Math.min(...preparedMs));
    this.#status.waitsSince(oldest, held ?? null);
  }
}
