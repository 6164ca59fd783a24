import type { Stream } from "../failures/stream.ts";

/** What an invocation works on, the longest waiting first. */
export interface DueStreams {
  /** Each of these has a subscriber or a lane that waits. */
  readonly queues: readonly Stream[];
  /** Connections whose author was not known. */
  readonly threads: readonly Stream[];
}

/**
 * Sorts what is due, given with the longest waiting first. Connections may be many: those beyond
 * `mostThreads` wait for the next invocation, and no queue waits behind them.
 */
export async function sortDue(
  due: AsyncIterable<Stream>,
  mostThreads: number,
): Promise<DueStreams> {
  const queues: Stream[] = [];
  const threads: Stream[] = [];
  for await (const stream of due) {
    if (stream.kind !== "thread") queues.push(stream);
    else if (threads.length < mostThreads) threads.push(stream);
  }
  return { queues, threads };
}
