import { readableStream, type Stream } from "../failures/stream.ts";

/** What an invocation works on, the longest waiting first. */
export interface DueStreams {
  /** Each of these has a subscriber or a lane that waits. */
  readonly queues: readonly Stream[];
  /** Connections whose author was not known. */
  readonly threads: readonly Stream[];
  /** Names that are no stream's in this release: a later one may have written them. */
  readonly unreadable: readonly string[];
}

/**
 * Sorts what is due, given by name with the longest waiting first. Connections may be many: those
 * beyond `mostThreads` wait for the next invocation, and no queue waits behind them.
 */
export async function sortDue(
  due: AsyncIterable<string>,
  mostThreads: number,
): Promise<DueStreams> {
  const queues: Stream[] = [];
  const threads: Stream[] = [];
  const unreadable: string[] = [];
  for await (const name of due) {
    const stream = readableStream(name);
    if (stream === null) unreadable.push(name);
    else if (stream.kind !== "thread") queues.push(stream);
    else if (threads.length < mostThreads) threads.push(stream);
  }
  return { queues, threads, unreadable };
}
