import type { ParkedRecord } from "../../../functions/failures/parked.ts";
import {
  epochOf,
  formatPosition,
  parsePosition,
  type PositionText,
} from "../../../wire/position.ts";
import type { OperatorAnswer } from "../../../wire/operator-answers.ts";
import {
  authorAt,
  type Connection,
  entryAt,
  isForeignRun,
  orderKeyOf,
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

/** The first and the last position of a connection's parked changes that an answer is about. */
export interface ParkedRange {
  readonly first: PositionText;
  readonly last: PositionText;
}

/**
 * The parked records of a connection that one answer can be about, in the order of its run. Another
 * life's thread id of a foreign run may name another connection, so there an answer is about one
 * life: that of its `from`, otherwise the first of them.
 */
export function answerable<Parked extends Pick<ParkedRecord, "key">>(
  connection: Connection,
  records: readonly Parked[],
  from: PositionText | null,
): Parked[] {
  const orderKey = orderKeyOf(connection);
  const ordered = records.toSorted((a, b) => (orderKey(a.key) < orderKey(b.key) ? -1 : 1));
  const [first] = ordered;
  if (first === undefined || !isForeignRun(connection.run)) return ordered;
  const life = epochOf(from ?? first.key);
  return ordered.filter(({ key }) => epochOf(key) === life);
}

/**
 * An answer in the form in which it is recorded. It holds for the changes that are parked now, up
 * to what the reader recorded in between. When nothing else is known about the connection, it holds
 * for later changes too. When the connection had a user before, or its thread id identifies no
 * connection, it does not, because later changes may have another author. Throws CommandError when
 * the author is known and the answer has no `from`, and when its `from` is behind all of them.
 */
export function recordedAnswer(
  connection: Connection,
  entries: readonly SessionEntry[],
  { user, host, from }: Answer,
  parked: ParkedRange,
): OperatorAnswer {
  const orderKey = orderKeyOf(connection);
  const held = entryAt(entries, from ?? parked.first, orderKey);
  const known = authorAt(entries, parked.first, orderKey);
  if (from === null && known !== undefined) {
    throw new CommandError(
      `the author is already known: ${known.user} (${known.attribution}). "retry" delivers the changes; to name another author from a position on, add --from POSITION`,
    );
  }
  const begin = from ?? beginning(connection, held, parked.first);
  const end = behind(parked.last);
  if (orderKey(begin) >= orderKey(end)) {
    throw new CommandError(
      `nothing is parked from ${begin} on: the last parked change of the connection is at ${parked.last}`,
    );
  }
  const next = entries.find(
    ({ from: later }) => orderKey(begin) < orderKey(later) && orderKey(later) <= orderKey(end),
  );
  return {
    from: begin,
    until: next?.from ?? end,
    user,
    host,
    isLimited: held !== undefined || next !== undefined || isForeignRun(connection.run),
  };
}

/** Where the range without an author begins that contains the first parked change. */
function beginning(
  { run }: Connection,
  held: SessionEntry | undefined,
  first: PositionText,
): PositionText {
  const known = held?.from ?? "";
  if (!isForeignRun(run)) return known;
  const { epoch } = parsePosition(first);
  const ofLife = formatPosition({ epoch, file: 0, offset: 0, row: 0 });
  return known < ofLife ? ofLife : known;
}

/** The position directly after a change. */
function behind(position: PositionText): PositionText {
  const { row, ...at } = parsePosition(position);
  return formatPosition({ ...at, row: row + 1 });
}
