import { epochOf, type PositionText } from "../../wire/position.ts";
import { recordKey, type Batch, type Trouble } from "../failures/parked.ts";
import type { StreamItems } from "../failures/route-items.ts";
import { streamText, type Stream } from "../failures/stream.ts";
import { settleAll } from "../ground/concurrency.ts";
import { LaterLifeError } from "../ground/errors.ts";
import type { NonEmpty } from "../ground/non-empty.ts";

/**
 * How route and retry share a stream, with conditional writes on single items only.
 *
 * 1. Route writes the records of the batches at hand side by side; then it moves the stream's tail
 *    past all of them with
 *    one write, which succeeds only while the stream is open (or dead). So every record up to a tail is there.
 * 2. Retry reads the tail, delivers the records up to it, and closes the stream only if the tail is
 *    still the last
 *    position that it is done with.
 *
 * Either the tail moved first: then retry finds it moved, and finds the records. Or the stream was
 * closed first: then everything before the batches has been delivered, and route may send directly.
 * What it has written by then lies beyond the tail, where retry does not look; route marks it as
 * resolved when its messages are sent. What a killed invocation leaves there, retry marks when the
 * stream is opened again: the state item's `head` says that it lies before.
 *
 * Batches whose positions the tail had passed already come from frames that are repeated after a
 * crash, where both belong to one life. Epochs grow from life to life. Behind a tail of a later
 * life nothing can be parked: LaterLifeError.
 */
export interface ParkedStreams {
  /** Puts consecutive batches behind what is parked, if anything is. */
  parkBehind(stream: Stream, batches: NonEmpty<Batch>, trouble: Trouble): Promise<Parking>;
  /** Opens the stream where it is not open, and parks consecutive batches. */
  park(stream: Stream, batches: NonEmpty<Batch>, trouble: Trouble): Promise<void>;
  /**
   * Forgets what `parkBehind` left of batches that it found clear, once all their messages have
   * been sent.
   */
  forget(stream: Stream, batches: readonly Batch[]): Promise<void>;
}

type Parking =
  /** All of them are durable now. */
  | { readonly kind: "parked" }
  /**
   * Nothing is parked. So many of the batches, from the first on, were parked and delivered from
   * there before.
   */
  | { readonly kind: "clear"; readonly delivered: number };

export function parkedStreams(items: StreamItems): ParkedStreams {
  /**
   * Moves the tail to `last`, unless it is there or beyond; null. If the stream is not open: the
   * tail it was closed with, "" for none.
   */
  async function reach(stream: Stream, last: PositionText): Promise<PositionText | null> {
    for (;;) {
      if (await items.moveTail(stream, last)) return null;
      const state = await items.read(stream);
      if (state === null) return "";
      if (state.status === "closed") return state.tail;
      if (epochOf(state.tail) > epochOf(last)) {
        throw new LaterLifeError(streamText(stream), state.tail, last);
      }
      if (state.tail >= last) return null;
    }
  }

  async function forget(stream: Stream, batches: readonly Batch[]): Promise<void> {
    await settleAll(batches.map((batch) => items.resolve(stream, recordKey(batch))));
  }

  return {
    forget,

    async parkBehind(stream, batches, trouble) {
      await settleAll(batches.map((batch) => items.putRecord(stream, batch, trouble)));
      const closedAt = await reach(stream, extent(batches).last);
      if (closedAt === null) return { kind: "parked" };
      // Nothing is parked, and what was delivered from there says nothing of an earlier life.
      if (epochOf(closedAt) > epochOf(extent(batches).last)) return { kind: "clear", delivered: 0 };
      const delivered = batches.filter(({ last }) => last <= closedAt);
      await forget(stream, delivered);
      return { kind: "clear", delivered: delivered.length };
    },

    async park(stream, batches, trouble) {
      const { first, last } = extent(batches);
      // What is left of an earlier attempt may say other messages are unsent: these are the ones
      // now.
      await settleAll(batches.map((batch) => items.replaceRecord(stream, batch, trouble)));
      // Frames that are brought back may come in any order; all else comes in the order of its
      // lane.
      const head = stream.kind === "raw" ? null : first;
      while (!(await items.open(stream, { head, tail: last }, trouble))) {
        const closedAt = await reach(stream, last);
        if (closedAt === null) return;
        if (epochOf(closedAt) > epochOf(last)) {
          throw new LaterLifeError(streamText(stream), closedAt, last);
        }
        if (closedAt >= last) return await forget(stream, batches);
      }
    },
  };
}

function extent(batches: NonEmpty<Batch>): Pick<Batch, "first" | "last"> {
  const [first] = batches;
  const { last } = batches.at(-1) ?? first;
  return { first: first.first, last };
}
