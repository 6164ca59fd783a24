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

export interface MessagePlace {
  readonly group: string;
  readonly first: PositionText;
  readonly last: PositionText;
}

/** The key of a message's own mark. */
export function markKey(message: MessagePlace): string {
  return `${message.group}#received-${message.first}`;
}

/** `group` and `mark` are what the store holds for the message's group and for its own mark. */
export function progressOf(
  message: MessagePlace,
  stored: { readonly group: PositionText | undefined; readonly mark: PositionText | undefined },
): Progress {
  const { mark } = stored;
  const group = stored.group ?? BEGINNING;
  if (mark === undefined) {
    return group >= message.last
      ? { kind: "repeat" }
      : { kind: "pending", done: group, keys: [message.group] };
  }
  if (mark >= message.last) return { kind: "repeat" };
  if (group >= message.last) return { kind: "pending", done: mark, keys: [markKey(message)] };
  // The mark moves first: a message that is known to be handled by its mark alone is not handled again.
  const done = mark > group ? mark : group;
  return { kind: "pending", done, keys: [markKey(message), message.group] };
}

/** Whether a message needs a mark before it is tried: it may be in the dead-letter queue after this attempt. */
export function needsMark(receiveCount: number): boolean {
  return receiveCount > 1;
}
