/** The canary's table in MySQL, through one connection. */
export interface CanaryTable extends AsyncDisposable {
  /** Writes the source's row, and stays connected. */
  write(writtenMs: number): Promise<void>;
}

/** The canary's queue. */
export interface CanaryQueue {
  /**
   * When the rows in the next messages were written; none when nothing came within `waitMs`. What
   * it returns is deleted.
   */
  take(waitMs: number): Promise<number[]>;
}

export interface BeatOptions {
  readonly connect: () => Promise<CanaryTable>;
  readonly queue: CanaryQueue;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long the row may take to come, milliseconds. */
  readonly patienceMs: number;
}

/** What came out of the queue, by the time that each row took from the write to here. */
export interface Beat {
  readonly delaysMs: readonly number[];
  /** Whether the row that was written now is among them. */
  readonly isBack: boolean;
}

/**
 * Writes the row and waits until it comes out of the canary's queue. Rows of earlier invocations
 * come first. The connection stays open until then: without the session ledger the reader finds its
 * author in the server's list of connections.
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
