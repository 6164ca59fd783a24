import { createHash } from "node:crypto";
import type { Change } from "./change.ts";
import type { HeldMessage } from "./held-message.ts";
import { type AnyPositionStore, DefaultPositionStore } from "./position-store.ts";
import type { MessageReplay } from "../wire/message.ts";
import { formatPosition, type PositionText } from "../wire/position.ts";

/** A position before every change. */
export const BEGINNING: PositionText = formatPosition({ epoch: 0, file: 0, offset: 0, row: 0 });

export interface Progress {
  /** The key of the message's record in the position store. */
  readonly key: string;
  /** The message's changes up to this position have been handled. */
  readonly done: PositionText;
}

/** What SQS delivered. */
type Received = Pick<HeldMessage, "group" | "body" | "bodyMd5" | "receiveCount">;

/** The parts of a message from which its progress is found. */
export interface ReadMessage {
  /** The message's JSON text. */
  readonly text: string;
  readonly group: string;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly changes: readonly Pick<Change, "position">[];
  /**
   * Set when an operator's replay sent the message: its changes were handled before and must be
   * handled again.
   */
  readonly replay?: MessageReplay;
}

/**
 * The key of a message's record. A message keeps its text when it is sent again or returns from the
 * dead-letter queue. Two messages with the same text contain the same changes, because the text
 * contains their ids and commit times.
 */
export function recordKeyOf(group: string, text: string): string {
  return keyOf("received", group, text);
}

/**
 * The key of a message's record in the DefaultPositionStore. It is made from SQS's MD5 of the text,
 * so that the client does not have to read the text once more. Somebody could prepare two texts
 * with the same MD5, but not two that also begin at the same position: there, only other settings
 * of the router, and replays, give a message another text.
 */
function defaultKeyOf(held: Received, { text, first, replay }: ReadMessage): string {
  const { group, body, bodyMd5 } = held;
  if (body !== text || !bodyMd5 || replay !== undefined) return recordKeyOf(group, text);
  // A template's text would keep all its parts in memory.
  return [`${group}#md5`, bodyMd5, text.length, first].join("-");
}

/**
 * Finds how far this message has been handled, by its record in the position store. Positions of
 * different messages are never compared, because they may belong to different lives of the
 * coordinates.
 *
 * Earlier releases kept two other kinds of positions, which still count when they are conclusive:
 * - A mark under a record's key: the position up to which a message that was received before had
 *   been handled. The key was made from the body, even when the body was a pointer. A mark could be
 *   a copy of the group's position and so belong to another life. It counts only if it is the
 *   position of one of the message's changes.
 * - The position of each group. A group is delivered in order, so a handled message that was not
 *   deleted contains the change at this position. The position proves nothing about a message that
 *   is received for the first time.
 */
export async function progressOf(
  held: Received,
  message: ReadMessage,
  positions: Pick<AnyPositionStore<unknown>, "load">,
): Promise<Progress> {
  if (positions instanceof DefaultPositionStore) {
    const key = defaultKeyOf(held, message);
    return { key, done: (await positions.load(key)) ?? BEGINNING };
  }
  let key = recordKeyOf(held.group, message.text);
  let stored = await positions.load(key);
  if (stored === undefined && held.body !== message.text) {
    stored = await positions.load(recordKeyOf(held.group, held.body));
  } else if (stored !== undefined && stored > message.first && !isOwn(stored, message)) {
    // This key cannot serve as the message's record: positions never move backwards, so the stored
    // one would count as work that was done.
    key = keyOf("handled", held.group, message.text);
    stored = await positions.load(key);
  }
  // A replay's changes have the positions of an earlier message, and the group's position may
  // belong to that message.
  const isReplay = message.replay !== undefined;
  if (stored === undefined && held.receiveCount > 1 && !isReplay)
    stored = await positions.load(message.group);
  return { key, done: stored !== undefined && isOwn(stored, message) ? stored : BEGINNING };
}

/** Whether a position is that of one of the message's changes. */
function isOwn(position: PositionText, { last, changes }: ReadMessage): boolean {
  return position === last || changes.some((change) => change.position === position);
}

function keyOf(kind: string, group: string, text: string): string {
  return `${group}#${kind}-${createHash("sha256").update(text).digest("base64url")}`;
}
