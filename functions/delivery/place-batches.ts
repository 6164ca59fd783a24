import type { PositionText } from "../../wire/position.ts";
import {
  firstOf,
  lastOf,
  lifeOf,
  positionBefore,
  positionBehind,
  recordKey,
  type Batch,
  type RecordKey,
  type RecordShare,
} from "../failures/parked.ts";
import { settleAll } from "../ground/concurrency.ts";
import { OwnTroubleError } from "../ground/errors.ts";
import { mapNonEmpty, type NonEmpty } from "../ground/non-empty.ts";

export interface PlaceOptions {
  /** The stream's head; "" when it has none, or it tells nothing about the batches. */
  readonly head: PositionText;
  /** The stream's tail; "" when it tells nothing about the batches. */
  readonly tail: PositionText;
  /** Writes a batch's record. Returns false when another one is at its place. */
  readonly write: (batch: Batch) => Promise<boolean>;
  /** The stream's records that begin at a position or later. */
  readonly recordsFrom: (first: PositionText) => Promise<readonly RecordShare[]>;
}

/**
 * Writes the records of consecutive batches, and returns the batches with their records' positions.
 *
 * A batch that begins behind the tail is written at its own positions. Any other is of a frame that
 * was parked before, and usually finds its record. It does not if the configuration changed in
 * between, and with it which of the frame's changes the queue gets. A record at its own positions
 * would then not be delivered: it may be before what retry has done, or before the head, and the
 * record that is there may lack changes. So it is written behind the tail and its own positions.
 * What both records contain arrives twice, with the same ids.
 *
 * Three things hold for the records of the returned batches:
 *
 * 1. Each is part of the stream, or begins behind the tail. A record before the head is not part of
 *    it, because retry does not deliver it.
 * 2. Behind the tail they have the order of their frames.
 * 3. Behind the tail, each begins before all positions of the frames that follow. So if the stream
 *    is opened at it, what a killed route function has left of those is not before the head.
 *
 * Rejects with OwnTroubleError when another invocation has taken that place.
 */
export async function placeBatches(
  batches: NonEmpty<Batch>,
  { head, tail, write, recordsFrom }: PlaceOptions,
): Promise<NonEmpty<Batch>> {
  const written = new Set<Batch>();
  await settleAll(
    batches.map(async (batch) => {
      if (batch.first > tail && (await write(batch))) written.add(batch);
    }),
  );
  const left = batches.filter((batch) => !written.has(batch));
  if (left.length === 0) return batches;

  const first = left.map((batch) => batch.first).reduce((a, b) => (b < a ? b : a));
  const own = new Set(Array.from(written, recordKey));
  // Positions of other lives tell nothing about where these batches belong.
  const { life } = batches[0];
  const records = (await recordsFrom(first)).filter(
    ({ key }) => !own.has(key) && lifeOf(key) === life,
  );
  const taken = new Set(records.map(({ key }) => firstOf(key)));
  const isPart = (key: RecordKey) => key >= head && lastOf(key) <= tail;
  let end = tail;
  const behind: Batch[] = [];
  const placed = mapNonEmpty(batches, (batch) => {
    const from = batch.last > end ? batch.last : end;
    const isNext = (key: RecordKey) =>
      firstOf(key) > end && positionBefore(lastOf(key)) === positionBefore(from);
    const record = recordOf(
      batch,
      records.filter(({ key }) => isPart(key) || isNext(key)),
    );
    const there = written.has(batch) ? batch : record && at(batch, record.key);
    if (there !== undefined) {
      if (there.last > end) end = there.last;
      return there;
    }
    end = positionBehind(from);
    while (taken.has(end)) end = positionBehind(end);
    const moved = { ...batch, share: shareOf(batch), first: end, last: end };
    behind.push(moved);
    return moved;
  });
  if ((await settleAll(behind.map(write))).includes(false)) {
    throw new OwnTroubleError("another invocation parked changes at the same place");
  }
  return placed;
}

/** What a record behind the tail names, so that another repeat of its frame finds it. */
function shareOf(batch: Batch): string {
  return batch.share ?? recordKey(batch);
}

/** The record of a batch. Where a digest is not known, the positions have to do. */
function recordOf(batch: Batch, records: readonly RecordShare[]): RecordShare | undefined {
  const key = recordKey(batch);
  return (
    records.find(({ share }) => share === shareOf(batch)) ??
    records.find((record) => {
      return record.key === key && (record.share === null || batch.share === undefined);
    })
  );
}

function at(batch: Batch, key: RecordKey): Batch {
  return { ...batch, first: firstOf(key), last: lastOf(key) };
}
