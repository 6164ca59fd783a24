import type { StreamItems } from "../failures/route-items.ts";
import { queueStream } from "../failures/stream.ts";
import { forEachLimited } from "../ground/concurrency.ts";

/** The shortest time between two looks at the streams of a lane, milliseconds. */
const LOOK_MS = 60_000;

/** The maximum number of streams that are read in parallel. */
const STREAMS_AT_ONCE = 16;

/**
 * Returns the queues of a lane that are listed although nothing is parked for them any more. It
 * looks once a minute; between the looks it returns none.
 */
export type FindClosed = (lane: number, listed: readonly string[]) => Promise<ReadonlySet<string>>;

/** `now`: milliseconds since 1970. */
export function findClosed(streams: Pick<StreamItems, "read">, now: () => number): FindClosed {
  const lookedMs = new Map<number, number>();
  return async (lane, listed) => {
    const closed = new Set<string>();
    if (listed.length === 0 || now() - (lookedMs.get(lane) ?? -Infinity) < LOOK_MS) return closed;
    lookedMs.set(lane, now());
    await forEachLimited(listed, STREAMS_AT_ONCE, async (name) => {
      // A queue whose stream cannot be read stays listed, and the frames are delivered.
      const state = await streams.read(queueStream(lane, name)).catch(() => undefined);
      if (state === null || state?.status === "closed") closed.add(name);
    });
    return closed;
  };
}
