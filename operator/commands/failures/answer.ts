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

/** A person's answer to the question who was at the other end of a connection. */
export interface Answer {
  readonly user: string;
  readonly host: string;
  /**
   * From which position on; null for the stretch without an author in which the first parked change
   * lies.
   */
  readonly from: PositionText | null;
}

/** From the first to the last position of a connection's parked changes. */
export interface ParkedRange {
  readonly first: PositionText;
  readonly last: PositionText;
}

/**
 * What is known of a connection, with an answer added. It holds for the whole connection where
 * nothing else is known of it. Where the connection had a user before, or its thread id names no
 * connection, it holds for what is parked now: behind that, the author may be another one. Throws
 * CommandError where the author is known already and the answer does not say from where on.
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
      `the author is known by now: ${known.user} (${known.attribution}); "retry" delivers the changes, and --from POSITION says otherwise`,
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

/** The position after which nothing of a change comes any more. */
function behind(position: PositionText): PositionText {
  const { row, ...place } = parsePosition(position);
  return formatPosition({ ...place, row: row + 1 });
}
