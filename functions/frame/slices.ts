import type { PositionedChange, PositionedFrame } from "./read-frame.ts";

/**
 * Changes of a slice. Where each change is a message, those of a message group are sent one after
 * the other, at some milliseconds each: a slice takes a small part of an invocation. Frames that
 * the reader makes for such a subscriber are smaller.
 */
export const SLICE_CHANGES = 500;

/**
 * A frame as consecutive frames of few changes, so that the lane's position moves after each. They
 * are cut by counting from the frame's own beginning: a repeat of the frame makes the same ones,
 * however far it was delivered.
 */
export function slicesOf(frame: PositionedFrame): readonly PositionedFrame[] {
  const slices: PositionedFrame[] = [];
  let { first, previous } = frame;
  for (let start = 0; start < frame.changes.length; start += SLICE_CHANGES) {
    const changes = frame.changes.slice(start, start + SLICE_CHANGES);
    const next = frame.changes[start + SLICE_CHANGES];
    const last = next === undefined ? frame.last : lastOf(changes);
    slices.push({
      ...frame,
      first,
      last,
      previous,
      transactions: next === undefined ? frame.transactions : goesOn(frame, next.transaction),
      changes,
    });
    previous = last;
    first = next?.position ?? last;
  }
  return slices;
}

function lastOf(changes: readonly PositionedChange[]): string {
  return changes.at(-1)?.position ?? "";
}

/**
 * The transactions of a slice whose last one may go on in the next slice: its end is not said here.
 */
function goesOn({ transactions }: PositionedFrame, next: number): PositionedFrame["transactions"] {
  return transactions.map((transaction, index) => {
    if (index !== next) return transaction;
    const { ended: _, ...others } = transaction;
    return others;
  });
}
