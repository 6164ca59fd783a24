import { epochOf, type PositionText } from "../../wire/position.ts";
import { isOfTwinLife, type NamedPosition } from "../failures/named-position.ts";
import {
  recordKey,
  type Batch,
  type RecordKey,
  type StreamState,
  type Trouble,
} from "../failures/parked.ts";
import type { StreamItems } from "../failures/route-items.ts";
import { streamText, threadStreamOfLife, type Stream } from "../failures/stream.ts";
import { settleAll } from "../ground/concurrency.ts";
import { OtherLifeError } from "../ground/errors.ts";
import { mapNonEmpty, type NonEmpty } from "../ground/non-empty.ts";

/**
 * How route and retry share a stream, with conditional writes on single items only.
 *
 * 1. Route writes the records of the batches at hand side by side; then it moves the stream's tail
 *    past all of them with one write, which succeeds only while the stream is open (or dead). So
 *    every record up to a tail is there.
 * 2. Retry reads the tail, delivers the records up to it, and closes the stream only if the tail is
 *    still the last position that it is done with.
 *
 * Either the tail moved first: then retry finds it moved, and finds the records. Or the stream was
 * closed first: then everything before the batches has been delivered, and route may send directly.
 * What it has written by then lies beyond the tail, where retry does not look; route marks it as
 * resolved when its messages are sent. What a killed invocation leaves there, retry marks when the
 * stream is opened again: the state item's `head` says that it lies before.
 *
 * Batches whose positions the tail had passed already come from frames that are repeated after a
 * crash, where both belong to one life. Epochs grow from life to life; two lives have one epoch
 * only where two offsets tables drew it. Behind a tail of a later life, or of such a twin life,
 * nothing can be parked: OtherLifeError. The changes of an unknown connection have a stream of
 * their life then (`threadStreamOfLife`). A stream that was closed in a twin life says nothing of
 * the batches. Route looks before it writes records: while a stream is open, it has none of a twin
 * life.
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
  async function reach(stream: Stream, last: NamedPosition): Promise<PositionText | null> {
    for (;;) {
      if (await items.moveTail(stream, last)) return null;
      const state = await items.read(stream);
      if (state === null) return "";
      if (state.status === "closed") return state.tail;
      const isLater = epochOf(state.tail) > epochOf(last.position);
      if (isLater || isOfTwinLife(tailOf(state), last)) throw refusal(stream, state, last);
      if (state.tail >= last.position) return null;
    }
  }

  /**
   * The tail of a twin life at which the stream is closed; null: the stream says nothing of a twin
   * life. Throws OtherLifeError while the stream has records of one.
   */
  async function closedTwin(stream: Stream, last: NamedPosition): Promise<PositionText | null> {
    if (last.life === null) return null;
    const state = await items.read(stream);
    if (state === null || !isOfTwinLife(tailOf(state), last)) return null;
    if (state.status !== "closed") throw refusal(stream, state, last);
    return state.tail;
  }

  /** Changes of a connection may need a stream of their life. */
  async function placeOf(stream: Stream, last: NamedPosition): Promise<Stream> {
    if (stream.kind !== "thread" || last.life === null) return stream;
    const state = await items.read(stream);
    return threadStreamOfLife(stream, state && tailOf(state), last);
  }

  async function forget(stream: Stream, batches: readonly Batch[]): Promise<void> {
    const keys = batches.flatMap((batch) =>
      batch.former === undefined ? recordKey(batch) : [recordKey(batch), formerKey(batch)],
    );
    await settleAll(Array.from(new Set(keys), (key) => items.resolve(stream, key)));
  }

  /**
   * The batches at the positions at which they are parked already: an earlier release may have
   * parked some of them at others, and was killed before the lane moved.
   */
  async function asParked(stream: Stream, batches: NonEmpty<Batch>): Promise<NonEmpty<Batch>> {
    const former = new Set<Batch>();
    await settleAll(
      batches
        .filter((batch) => batch.former !== undefined)
        .map(async (batch) => {
          if (await items.hasRecord(stream, formerKey(batch))) former.add(batch);
        }),
    );
    return mapNonEmpty(batches, (batch) =>
      former.has(batch) ? { ...batch, ...batch.former } : batch,
    );
  }

  return {
    forget,

    async parkBehind(stream, offered, trouble) {
      const batches = await asParked(stream, offered);
      const { last: end } = extent(batches);
      if ((await closedTwin(stream, end)) !== null) return { kind: "clear", delivered: 0 };
      await settleAll(batches.map((batch) => items.putRecord(stream, batch, trouble)));
      const closedAt = await reach(stream, end);
      if (closedAt === null) return { kind: "parked" };
      // Nothing is parked, and what was delivered from there says nothing of an earlier life.
      if (epochOf(closedAt) > epochOf(end.position)) return { kind: "clear", delivered: 0 };
      const delivered = batches.filter(({ last }) => last <= closedAt);
      await forget(stream, delivered);
      return { kind: "clear", delivered: delivered.length };
    },

    async park(named, offered, trouble) {
      const stream = await placeOf(named, extent(offered).last);
      const batches = await asParked(stream, offered);
      const { first, last } = extent(batches);
      const twin = stream.kind === "thread" ? null : await closedTwin(stream, last);
      // What is left of an earlier attempt may say other messages are unsent: these are the ones
      // now.
      await settleAll(batches.map((batch) => items.replaceRecord(stream, batch, trouble)));
      // Frames that are brought back may come in any order; all else comes in the order of its
      // lane.
      const head = stream.kind === "raw" ? null : first;
      while (!(await items.open(stream, { head, tail: last, twin }, trouble))) {
        const closedAt = await reach(stream, last);
        if (closedAt === null) return;
        if (epochOf(closedAt) > epochOf(last.position)) {
          throw refusal(stream, { tail: closedAt }, last);
        }
        if (twin === null && closedAt >= last.position) return await forget(stream, batches);
      }
    },
  };
}

/** The key of a batch in earlier releases. */
function formerKey(batch: Batch): RecordKey {
  return recordKey({ ...batch, ...batch.former });
}

function extent(batches: NonEmpty<Batch>): {
  readonly first: PositionText;
  readonly last: NamedPosition;
} {
  const [first] = batches;
  const { last, life } = batches.at(-1) ?? first;
  return { first: first.first, last: { position: last, life: life ?? null } };
}

function tailOf({ tail, life }: Pick<StreamState, "tail" | "life">): NamedPosition {
  return { position: tail, life };
}

function refusal(
  stream: Stream,
  { tail }: Pick<StreamState, "tail">,
  { position }: NamedPosition,
): OtherLifeError {
  return new OtherLifeError(streamText(stream), tail, position);
}
