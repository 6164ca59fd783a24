import { readableStream, type Stream } from "../failures/stream.ts";

/** The streams that an invocation works on, the longest waiting first. */
export interface DueStreams {
  /** Streams for which a subscriber or a lane waits. */
  readonly queues: readonly Stream[];
  /** Streams of connections whose author was unknown. */
  readonly threads: readonly Stream[];
  /** Names that this release cannot parse, possibly written by a later release. */
  readonly unreadable: readonly string[];
}

/**
 * Sorts the due streams, given by name with the longest waiting first. There may be many
 * connections. Those beyond `mostThreads` wait for the next invocation, so that no queue waits
 * behind them.
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
