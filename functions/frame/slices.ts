import type { PositionedChange, PositionedFrame } from "./read-frame.ts";

/**
 * The maximum number of changes in a slice. When each change is a message, the messages of a group
 * are sent one after another, at some milliseconds each. A slice of this size takes a small part of
 * an invocation. The reader makes smaller frames when there is such a subscriber.
 */
export const SLICE_CHANGES = 500;

/**
 * Cuts a frame into consecutive frames of at most SLICE_CHANGES changes, so that the lane's
 * position advances after each. Changes are counted from the beginning of the frame, so a repeated
 * frame has the same slices, however far it was delivered.
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
 * The transactions of a slice that another one follows. The transaction that continues there has no
 * `ended`.
 */
function goesOn({ transactions }: PositionedFrame, next: number): PositionedFrame["transactions"] {
  return transactions.map((transaction, index) => {
    if (index !== next) return transaction;
    const { ended: _, ...others } = transaction;
    return others;
  });
}
