import { BodyUnavailableError } from "../ground/errors.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import { NO_FILTERS, type Filters } from "../filters/filters.ts";
import { isSealed } from "../filters/sealed-text.ts";
import { readFrame, type PositionedFrame } from "../frame/read-frame.ts";
import { authoredSubFrame } from "../frame/sub-frame.ts";
import type { AuthoredChange } from "./authored-change.ts";
import type { QueueFault } from "./outgoing-message.ts";

/**
 * Writes the changes on which the router failed, for a failure record. If no frame can be made of
 * them either, they are written as plain JSON. They are unsealed only if sealing fails, because the
 * changes must neither be lost nor delay other queues.
 */
export function keepChanges(
  header: FrameHeader,
  changes: readonly AuthoredChange[],
  seal: (frame: string) => string,
): Pick<QueueFault, "frame" | "isPlain"> {
  try {
    return { frame: seal(authoredSubFrame(header, changes)) };
  } catch {
    const plain: PlainChanges = { header: { ...header, ...NO_CHANGES }, changes };
    return { frame: sealedWherePossible(JSON.stringify(plain), seal), isPlain: true };
  }
}

function sealedWherePossible(text: string, seal: (text: string) => string): string {
  try {
    return seal(text);
  } catch {
    return text;
  }
}

interface PlainChanges {
  readonly header: FrameHeader;
  readonly changes: readonly AuthoredChange[];
}

/** Removes a whole frame's changes when it serves as a header, because they are of all queues. */
const NO_CHANGES = { changes: undefined };

/**
 * Reads the frame that `keepChanges` wrote. Throws MalformedFrameError. Throws BodyUnavailableError
 * when the text is sealed and cannot be decrypted, or when the configuration no longer contains the
 * subscriber, so that its hidden columns or its tables are unknown.
 */
export function openKept(
  { frame, isPlain, isUndecided, subscription: { subscriber } }: KeptShare,
  source: string,
  filters: Filters = NO_FILTERS,
): PositionedFrame {
  const opened = filters.open(frame);
  if (isUndecided && !filters.knows(subscriber)) {
    throw new BodyUnavailableError(
      `the router cannot decide whether the subscriber gets the record's changes: the configuration no longer has the subscriber ${subscriber}. Configure the subscriber again, or discard the record`,
    );
  }
  if ((opened !== frame || isPlain === true) && !filters.knows(subscriber)) {
    throw new BodyUnavailableError(
      `the router cannot mask the record's columns: the configuration no longer has the subscriber ${subscriber}. Configure the subscriber again, or discard the record`,
    );
  }
  return readFrame(isPlain === true ? frameOf(opened) : opened, source);
}

/**
 * The positions of the changes, in order; null when the text is sealed. Throws MalformedFrameError.
 */
export function keptPositions(
  { frame, isPlain }: Pick<KeptShare, "frame" | "isPlain">,
  source: string,
): readonly PositionText[] | null {
  if (isSealed(frame)) return null;
  return isPlain === true
    ? (JSON.parse(frame) as PlainChanges).changes.map(({ change }) => change.position)
    : readFrame(frame, source).changes.map(({ position }) => position);
}

/** A queue's changes in a failure record. */
export type KeptShare = Pick<QueueFault, "frame" | "isPlain" | "isUndecided" | "subscription">;

function frameOf(plain: string): string {
  const { header, changes } = JSON.parse(plain) as PlainChanges;
  return authoredSubFrame(header, withSharedAuthors(changes));
}

/**
 * Replaces equal authors by one object, as in memory before they were written. Authors of a frame
 * are compared as objects, and a transaction is listed once for each.
 */
function withSharedAuthors(changes: readonly AuthoredChange[]): AuthoredChange[] {
  const authors = new Map<string, Author>();
  return changes.map(({ change, author: own }) => {
    const text = JSON.stringify(own);
    const author = authors.get(text) ?? own;
    authors.set(text, author);
    return { change, author };
  });
}
