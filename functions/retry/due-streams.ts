import type { Stream } from "../failures/stream.ts";

/** What an invocation works on. */
export interface DueStreams {
  /** Each of these has a subscriber or a lane that waits; the queues take turns. */
  readonly queues: readonly Stream[];
  /** Connections whose author was not known, the longest waiting first. */
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
  const byName = new Map<string, Stream[]>();
  const threads: Stream[] = [];
  for await (const stream of due) {
    if (stream.kind !== "thread") {
      const name = `${stream.kind}/${stream.name}`;
      const sameName = byName.get(name);
      if (sameName === undefined) byName.set(name, [stream]);
      else sameName.push(stream);
    } else if (threads.length < mostThreads) threads.push(stream);
  }
  return { queues: takingTurns([...byName.values()]), threads };
}

/**
 * The first of each list, then the second of each, and so on: a queue with many lanes does not keep
 * the others waiting.
 */
function takingTurns<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat();
}
