import {
  formatPosition,
  parsePosition,
  placeOf,
  type PositionText,
} from "../../../wire/position.ts";
import type { OperatorAnswer } from "../../../wire/operator-answers.ts";
import {
  authorAt,
  type Connection,
  entryAt,
  isForeignRun,
  type SessionEntry,
} from "../../../wire/session.ts";
import { CommandError } from "../../shared/command-error.ts";

/** An operator's statement about whose changes a connection wrote. */
export interface Answer {
  readonly user: string;
  readonly host: string;
  /**
   * The position from which the answer holds; null for the range without an author that contains
   * the first parked change.
   */
  readonly from: PositionText | null;
}

/** The first and the last position of a connection's parked changes. */
export interface ParkedRange {
  readonly first: PositionText;
  readonly last: PositionText;
}

/**
 * An answer in the form in which it is recorded. It holds for the changes that are parked now, up
 * to what the reader recorded in between. When nothing else is known about the connection, it holds
 * for later changes too. When the connection had a user before, or its thread id identifies no
 * connection, it does not, because later changes may have another author. Throws CommandError when
 * the author is known and the answer has no `from`.
 */
export function recordedAnswer(
  connection: Connection,
  entries: readonly SessionEntry[],
  { user, host, from }: Answer,
  parked: ParkedRange,
): OperatorAnswer {
  const held = entryAt(entries, from ?? parked.first);
  const known = authorAt(entries, parked.first);
  if (from === null && known !== undefined) {
    throw new CommandError(
      `the author is already known: ${known.user} (${known.attribution}). "retry" delivers the changes; to name another author from a position on, add --from POSITION`,
    );
  }
  const begin = from ?? held?.from ?? "";
  const end = behind(parked.last);
  const next = entries.find(
    ({ from: later }) => placeOf(begin) < placeOf(later) && placeOf(later) <= placeOf(end),
  );
  return {
    from: begin,
    until: next?.from ?? end,
    user,
    host,
    isLimited: held !== undefined || next !== undefined || isForeignRun(connection.run),
  };
}

/** The position directly after a change. */
function behind(position: PositionText): PositionText {
  const { row, ...place } = parsePosition(position);
  return formatPosition({ ...place, row: row + 1 });
}
