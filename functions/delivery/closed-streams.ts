import type { StreamItems } from "../failures/route-items.ts";
import { queueStream } from "../failures/stream.ts";
import { forEachLimited } from "../ground/concurrency.ts";
import { Deadline } from "./deadline.ts";

/** The shortest time between two looks at the streams of a lane, milliseconds. */
const LOOK_MS = 60_000;

/** The maximum number of streams that are read in parallel. */
const STREAMS_AT_ONCE = 16;

/** The time that a look has for each answer, milliseconds: the lane waits for it. */
const ANSWER_MS = 250;

/**
 * Returns the queues of a lane that are listed although nothing is parked for them any more. It
 * looks once a minute; between the looks it returns none. Never rejects.
 */
export type FindClosed = (lane: number, listed: readonly string[]) => Promise<ReadonlySet<string>>;

/** `now`: milliseconds since 1970. */
export function findClosed(streams: Pick<StreamItems, "read">, now: () => number): FindClosed {
  const lookedMs = new Map<number, number>();
  return async (lane, listed) => {
    const closed = new Set<string>();
    if (listed.length === 0 || now() - (lookedMs.get(lane) ?? -Infinity) < LOOK_MS) return closed;
    lookedMs.set(lane, now());
    const look = forEachLimited(listed, STREAMS_AT_ONCE, async (name) => {
      const state = await streams.read(queueStream(lane, name));
      if (state === null || state.status === "closed") closed.add(name);
    });
    // Queues whose streams could not be read stay listed. A failure ends one of the workers.
    await look.catch(() => undefined);
    return closed;
  };
}

/**
 * The same streams, which fail to read when the answer takes longer than a lane is to wait. The
 * request is aborted then.
 */
export function readSoon(streams: Pick<StreamItems, "read">): Pick<StreamItems, "read"> {
  return {
    async read(stream) {
      using deadline = new Deadline(ANSWER_MS);
      const { promise: never, reject } = Promise.withResolvers<never>();
      deadline.signal.addEventListener("abort", () => reject(new Error("no answer in time")));
      return await Promise.race([streams.read(stream, deadline.signal), never]);
    },
  };
}
