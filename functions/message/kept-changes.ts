import { BodyUnavailableError } from "../ground/errors.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import { NO_FILTERS, type Filters } from "../filters/filters.ts";
import { readFrame, type PositionedFrame } from "../frame/read-frame.ts";
import { authoredSubFrame } from "../frame/sub-frame.ts";
import type { AuthoredChange } from "./authored-change.ts";
import type { QueueFault } from "./outgoing-message.ts";

/**
 * Keeps changes for which our own code threw an exception, as a failure record has them. It may
 * throw one in here as well: then they are kept as they are in memory, and unsealed only where it
 * is the seal that throws. No other queue may wait for them, and they must not be lost.
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

/** A whole frame serves as a header: its own changes are those of all queues. */
const NO_CHANGES = { changes: undefined };

/**
 * The frame of changes that `keepChanges` has kept. Throws MalformedFrameError, and
 * BodyUnavailableError when they are sealed and cannot be opened, or the configuration no longer
 * says what their subscriber must not see, or which tables it has.
 */
export function openKept(
  { frame, isPlain, isUndecided, subscription: { subscriber } }: KeptShare,
  source: string,
  filters: Filters = NO_FILTERS,
): PositionedFrame {
  const opened = filters.open(frame);
  if (isUndecided && !filters.knows(subscriber)) {
    throw new BodyUnavailableError(
      `it cannot be decided whether the subscriber gets the record's changes: the configuration has no subscriber ${subscriber} any more. Configure it again, or discard the record`,
    );
  }
  if ((opened !== frame || isPlain === true) && !filters.knows(subscriber)) {
    throw new BodyUnavailableError(
      `the record's columns cannot be masked: the configuration has no subscriber ${subscriber} any more. Configure it again, or discard the record`,
    );
  }
  return readFrame(isPlain === true ? frameOf(opened) : opened, source);
}

/** What a failure record keeps of a queue's changes. */
export type KeptShare = Pick<QueueFault, "frame" | "isPlain" | "isUndecided" | "subscription">;

function frameOf(plain: string): string {
  const { header, changes } = JSON.parse(plain) as PlainChanges;
  return authoredSubFrame(header, withSharedAuthors(changes));
}

/**
 * Changes of one author with one object for the author, as in memory: a frame tells authors apart
 * by their objects, and lists a transaction once for each.
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
