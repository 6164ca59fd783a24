import { createHash } from "node:crypto";
import type { PositionMark } from "./position-store.ts";
import { formatPosition, type PositionText } from "../wire/position.ts";

/**
 * What is left to do of a message, by what the position store knows.
 *
 * A message whose last position its group has passed is a repeat, with one exception: SQS moves a message to the
 * dead-letter queue after too many receives, its successors pass, and an operator sends it back later. So a message
 * that was received before gets a mark of its own, before anything else is done with it; one that has a mark is judged
 * by the mark instead of by its group. A change is then lost to the filter only if it was handled.
 *
 * A new epoch compares greater than every position of the one before, so whatever the source repeats after a failover
 * passes and is recognised by its id.
 */
export type Progress =
  | { readonly kind: "repeat" }
  | {
      readonly kind: "pending";
      /** Changes up to here are done. */
      readonly done: PositionText;
      /** The keys of the store that move as the changes are handled. */
      readonly keys: readonly string[];
    };

/** Where no change is. */
export const BEGINNING: PositionText = formatPosition({ epoch: 0, file: 0, offset: 0, row: 0 });

/** The key of a message's own mark. The body is what a message keeps on its way through the dead-letter queue and S3. */
export function markKeyOf(group: string, body: string): string {
  return `${group}#received-${createHash("sha256").update(body).digest("base64url")}`;
}

/** What the position store holds for a message. */
export interface Stored {
  /** The position of its group. */
  readonly group: PositionText | undefined;
  /** The message's own mark. */
  readonly mark: PositionMark | undefined;
}

export function progressOf(
  message: { readonly group: string; readonly last: PositionText },
  { group = BEGINNING, mark }: Stored,
): Progress {
  if (mark === undefined) {
    return group >= message.last
      ? { kind: "repeat" }
      : { kind: "pending", done: group, keys: [message.group] };
  }
  if (mark.position >= message.last) return { kind: "repeat" };
  if (group >= message.last) return { kind: "pending", done: mark.position, keys: [mark.key] };
  // The mark moves first: a message that is known to be handled by its mark alone is not handled again.
  const done = mark.position > group ? mark.position : group;
  return { kind: "pending", done, keys: [mark.key, message.group] };
}

/** Whether a message needs a mark before it is tried: it may be in the dead-letter queue after this attempt. */
export function needsMark(receiveCount: number): boolean {
  return receiveCount > 1;
}
