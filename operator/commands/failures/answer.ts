import { formatPosition, parsePosition, type PositionText } from "../../../wire/position.ts";
import {
  authorAt,
  type Connection,
  entryAt,
  isForeignRun,
  type SessionEntry,
  unknownFrom,
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
 * Adds an answer to a connection's entries. When nothing else is known about the connection, the
 * answer holds for all of it. When the connection had a user before, or its thread id identifies no
 * connection, the answer ends after the changes that are parked now, because later changes may have
 * another author. Throws CommandError when the author is known and the answer has no `from`.
 */
export function withAnswer(
  connection: Connection,
  entries: readonly SessionEntry[],
  { user, host, from }: Answer,
  parked: ParkedRange,
): SessionEntry[] {
  const held = entryAt(entries, from ?? parked.first);
  const known = authorAt(entries, parked.first);
  if (from === null && known !== undefined) {
    throw new CommandError(
      `the author is already known: ${known.user} (${known.attribution}). "retry" delivers the changes; to name another author from a position on, add --from POSITION`,
    );
  }
  const begin = from ?? held?.from ?? "";
  const answer: SessionEntry = { from: begin, user, host, attribution: "operator" };
  const others = entries.filter((entry) => entry.from !== begin);
  const end = behind(parked.last);
  const isLimited = held !== undefined || isForeignRun(connection.run);
  const isFollowed = others.some((entry) => entry.from > begin && entry.from <= end);
  const next = isLimited && !isFollowed ? [{ ...(held ?? unknownFrom(end)), from: end }] : [];
  return [...others, answer, ...next].sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** The position directly after a change. */
function behind(position: PositionText): PositionText {
  const { row, ...place } = parsePosition(position);
  return formatPosition({ ...place, row: row + 1 });
}
