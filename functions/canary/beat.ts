/** The canary's table in MySQL, on one connection. */
export interface CanaryTable extends AsyncDisposable {
  /** Writes the source's row and keeps the connection open. */
  write(writtenMs: number): Promise<void>;
}

/** The canary's queue. */
export interface CanaryQueue {
  /**
   * Receives the next messages, deletes them, and returns the times at which their rows were
   * written; an empty list when no message arrived within `waitMs`.
   */
  take(waitMs: number): Promise<number[]>;
}

export interface BeatOptions {
  readonly connect: () => Promise<CanaryTable>;
  readonly queue: CanaryQueue;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long to wait for the row, milliseconds. */
  readonly patienceMs: number;
}

/**
 * The result of one invocation. `delaysMs` has the time from write to receipt of each row,
 * including rows of earlier invocations.
 */
export interface Beat {
  readonly delaysMs: readonly number[];
  /** Whether the row of this invocation arrived. */
  readonly isBack: boolean;
}

/**
 * Writes the row and waits until it arrives in the canary's queue, after rows of earlier
 * invocations. The connection stays open until then, because without the session ledger the reader
 * finds the author in the server's list of connections.
 */
export async function beat({ connect, queue, now, patienceMs }: BeatOptions): Promise<Beat> {
  await using table = await connect();
  const writtenMs = now();
  await table.write(writtenMs);
  const delaysMs: number[] = [];
  for (;;) {
    const waitMs = writtenMs + patienceMs - now();
    if (waitMs <= 0) return { delaysMs, isBack: false };
    const rows = await queue.take(waitMs);
    const nowMs = now();
    delaysMs.push(...rows.map((rowMs) => nowMs - rowMs));
    if (rows.includes(writtenMs)) return { delaysMs, isBack: true };
  }
}
