import { epochOf, type PositionText } from "../../wire/position.ts";
import { isOfTwinLife, type NamedPosition } from "../failures/named-position.ts";
import {
  recordKey,
  type Batch,
  type RecordKey,
  type StreamState,
  type Trouble,
} from "../failures/parked.ts";
import { placeBatches } from "./place-batches.ts";
import type { StreamItems } from "../failures/route-items.ts";
import { streamText, threadStreamOfLife, type Stream } from "../failures/stream.ts";
import { settleAll } from "../ground/concurrency.ts";
import { OtherLifeError } from "../ground/errors.ts";
import { mapNonEmpty, type NonEmpty } from "../ground/non-empty.ts";

/**
 * How route and retry share a stream, with conditional writes on single items only.
 *
 * 1. Route writes the records of its batches in parallel. Then it moves the stream's tail past all
 * of them with one write, which succeeds only while the stream is open or dead. So all records up
 * to the tail exist.
 * 2. Retry reads the tail and delivers the records up to it. It closes the stream only if the tail
 *    still equals the last position that it has handled.
 *
 * If the tail moves first, retry sees the new tail and finds the records. If the stream closes
 * first, everything before the batches has been delivered, and route may send them directly. The
 * records that it has already written are beyond the tail, where retry does not read. Route
 * resolves them after sending their messages. If the invocation is killed before that, retry
 * resolves them when the stream is opened again, because they precede `head` in the state item.
 *
 * Batches at or before the tail come from frames that are repeated after a crash, if both belong to
 * the same life. Epochs grow from life to life. Two lives have the same epoch only if two offsets
 * tables chose it (twin lives). Nothing can be parked behind a tail of a later life or of a twin
 * life: that is an OtherLifeError. Changes of an unknown connection get a stream that is named
 * after their life instead (`threadStreamOfLife`). The tail of a stream that was closed in a twin
 * life tells nothing about the batches. Route checks the life before it writes records, so an open
 * stream never contains records of a twin life.
 */
export interface ParkedStreams {
  /** Parks consecutive batches if the stream is open. */
  parkBehind(stream: Stream, batches: NonEmpty<Batch>, trouble: Trouble): Promise<Parking>;
  /** Parks consecutive batches, and opens the stream if it is closed. */
  park(stream: Stream, batches: NonEmpty<Batch>, trouble: Trouble): Promise<void>;
  /**
   * Resolves the records that `parkBehind` wrote before it found the stream clear. Call it after
   * all messages of the batches have been sent. A record at a batch's own positions that was made
   * of another share stays: it may contain messages that were not sent.
   */
  forget(stream: Stream, batches: readonly Batch[]): Promise<void>;
}

type Parking =
  /** All batches are stored. */
  | { readonly kind: "parked" }
  /**
   * The stream is not open. `delivered` is the number of batches, from the first on, that were
   * parked and delivered from the stream before. `written` are the others, with the positions of
   * their records.
   */
  | { readonly kind: "clear"; readonly delivered: number; readonly written: readonly Batch[] };

export function parkedStreams(items: StreamItems): ParkedStreams {
  /**
   * Moves the tail to `last` unless it is at or beyond it, and returns null. If the stream is not
   * open, returns the tail with which it was closed; "" if it was never opened.
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
   * Finds the stream, which for changes of a connection may be that of their life, and its state.
   * Frames that an operator brings back arrive in any order, so the state does not matter.
   */
  async function streamFor(
    stream: Stream,
    last: NamedPosition,
  ): Promise<{ readonly stream: Stream; readonly state: TailState | null }> {
    if (stream.kind === "raw") return { stream, state: null };
    const state = await items.read(stream);
    if (stream.kind === "queue" || last.life === null) return { stream, state };
    const ofLife = threadStreamOfLife(stream, state && tailOf(state), last);
    return { stream: ofLife, state: ofLife === stream ? state : await items.read(ofLife) };
  }

  /** Writes records where retry finds them, and returns the batches with their positions. */
  async function place(
    stream: Stream,
    state: TailState | null,
    batches: NonEmpty<Batch>,
    write: (batch: Batch) => Promise<boolean>,
  ): Promise<NonEmpty<Batch>> {
    const known = state !== null && isComparable(tailOf(state), extent(batches).last);
    return await placeBatches(batches, {
      head: known ? state.head : "",
      tail: known ? state.tail : "",
      write,
      recordsFrom: (first) => items.recordsFrom(stream, first),
    });
  }

  async function forget(stream: Stream, batches: readonly Batch[]): Promise<void> {
    await settleAll(batches.map((batch) => items.resolve(stream, recordKey(batch))));
  }

  /**
   * Gives batches the positions of their existing records. An earlier release may have parked them
   * at other positions before it was killed, so that the lane did not advance.
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
      const state = await items.read(stream);
      const parked = await asParked(stream, offered);
      if (closedTwin(stream, state, extent(parked).last) !== null)
        return { kind: "clear", delivered: 0, written: parked };
      const batches = await place(stream, state, parked, (batch) =>
        items.putRecord(stream, batch, trouble),
      );
      const { last: end } = extent(batches);
      const closedAt = await reach(stream, end);
      if (closedAt === null) return { kind: "parked" };
      // Nothing is parked, and the tail of a later life tells nothing about an earlier one.
      if (epochOf(closedAt) > epochOf(end.position))
        return { kind: "clear", delivered: 0, written: batches };
      const left = batches.findIndex(({ last }) => last > closedAt);
      const delivered = left === -1 ? batches : batches.slice(0, left);
      await forget(stream, delivered);
      const written = batches.slice(delivered.length);
      return { kind: "clear", delivered: delivered.length, written };
    },

    async park(named, offered, trouble) {
      const { stream, state } = await streamFor(named, extent(offered).last);
      const parked = await asParked(stream, offered);
      const twin = stream.kind === "thread" ? null : closedTwin(stream, state, extent(parked).last);
      // A record of an earlier attempt may list other messages as unsent, so it is replaced.
      const write = (batch: Batch) => items.replaceRecord(stream, batch, trouble);
      const batches = await place(stream, state, parked, write);
      const { first, last } = extent(batches);
      // Frames that an operator brings back may arrive in any order. Everything else arrives in the
      // order of its lane.
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

/** The key that earlier releases give to a batch. */
function formerKey(batch: Batch): RecordKey {
  return recordKey({ ...batch, ...batch.former });
}

function extent(batches: NonEmpty<Batch>): {
  readonly first: PositionText;
  readonly last: NamedPosition;
} {
  const [{ first, life = null }] = batches;
  const position = batches.map((batch) => batch.last).reduce((a, b) => (b > a ? b : a));
  return { first, last: { position, life } };
}

type TailState = Pick<StreamState, "status" | "head" | "tail" | "life">;

/**
 * The tail of a twin life at which the stream was closed; null when its tail belongs to no twin
 * life. Throws OtherLifeError while the stream has records of a twin life.
 */
function closedTwin(
  stream: Stream,
  state: TailState | null,
  last: NamedPosition,
): PositionText | null {
  if (state === null || !isOfTwinLife(tailOf(state), last)) return null;
  if (state.status !== "closed") throw refusal(stream, state, last);
  return state.tail;
}

/** Whether a tail is of the same life as positions that follow it, or of an earlier one. */
function isComparable(tail: NamedPosition, { position, life }: NamedPosition): boolean {
  return epochOf(tail.position) <= epochOf(position) && !isOfTwinLife(tail, { position, life });
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
