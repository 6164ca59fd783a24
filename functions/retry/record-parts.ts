import { SLICE_CHANGES, slicesOf } from "../frame/slices.ts";
import type { PositionedFrame } from "../frame/read-frame.ts";
import type { ParkedRecord } from "../failures/parked.ts";
import { isNonEmpty } from "../ground/non-empty.ts";
import type { OutgoingMessage, QueueFault, QueueMessages } from "../message/outgoing-message.ts";
import type { AttemptProgress, Redelivery } from "./redelivery.ts";

/** A share without positions, which are needed only for parking. */
type PartShare = Omit<QueueMessages, "first" | "last"> | QueueFault;

/** The messages of one part of a record's body. */
export interface PartShares {
  readonly shares: readonly PartShare[];
  /** A bug's error that occurred while the shares were made. */
  readonly error?: string | undefined;
}

/**
 * A part of a record's body. Parts are counted from the beginning of the body and always the same.
 * The number of finished messages or changes therefore determines the next part, and a repeated
 * part has the same messages.
 */
export interface RecordPart {
  /** The number of messages (or of changes, for a frame) up to the end of this part. */
  readonly through: number;
  readonly make: () => PartShares;
}

/** The number of messages in a part. Messages of one group are sent one after another. */
const PART_MESSAGES = SLICE_CHANGES;

export function messageParts(
  queueName: string,
  all: readonly OutgoingMessage[],
  size = PART_MESSAGES,
): RecordPart[] {
  const parts: RecordPart[] = [];
  for (let start = 0; start < all.length; start += size) {
    const messages = all.slice(start, start + size);
    parts.push({
      through: start + messages.length,
      make: () => ({
        shares: isNonEmpty(messages) ? [{ kind: "messages", queueName, messages }] : [],
      }),
    });
  }
  return parts;
}

export function frameParts(
  frame: PositionedFrame,
  make: (slice: PositionedFrame) => PartShares,
): RecordPart[] {
  return slicesOf(frame).map((slice, index) => ({
    through: index * SLICE_CHANGES + slice.changes.length,
    make: () => make(slice),
  }));
}

/** Delivers the remaining parts in order, until one fails or the time is over. */
export async function deliverParts(
  parts: readonly RecordPart[],
  { progress: done }: Pick<ParkedRecord, "progress">,
  progress: AttemptProgress,
  send: (part: PartShares) => Promise<Redelivery>,
): Promise<Redelivery> {
  const left = parts.filter(({ through }) => through > done);
  for (const part of left) {
    const outcome = await send(part.make());
    if (outcome.kind !== "delivered" || part === left.at(-1)) return outcome;
    await progress.reached(part.through);
    if (progress.isTurnOver()) return { kind: "unfinished", sent: new Set() };
  }
  return { kind: "delivered" };
}
