import { createHash } from "node:crypto";
import type { Change } from "./change.ts";
import type { HeldMessage } from "./held-message.ts";
import type { AnyPositionStore } from "./position-store.ts";
import type { MessageReplay } from "../wire/message.ts";
import { formatPosition, type PositionText } from "../wire/position.ts";

/** Before every change. */
export const BEGINNING: PositionText = formatPosition({ epoch: 0, file: 0, offset: 0, row: 0 });

/** How far a message has been handled. */
export interface Progress {
  /** The key of the message's record in the position store. */
  readonly key: string;
  /** Its changes up to here are known to be handled. */
  readonly done: PositionText;
}

/** A message as it was read. */
export interface ReadMessage {
  /** Its JSON: the body, or what the body's pointer leads to. */
  readonly text: string;
  readonly group: string;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly changes: readonly Pick<Change, "position">[];
  /** Of a replay, whose changes were handled before, and are to be handled again. */
  readonly replay?: MessageReplay;
}

/**
 * The key of a message's record. The text is what a message keeps when it is sent again or comes
 * back from the dead-letter queue. Two messages with the same text hold the same changes: their ids
 * and commit times are in it.
 */
export function recordKeyOf(group: string, text: string): string {
  return keyOf("received", group, text);
}

/**
 * What the position store knows of this very message. Only what is known to have been handled is
 * dropped. Positions of different messages are never compared, because they need not belong to one
 * life of the coordinates.
 *
 * The release before this rule kept two kinds of positions. They count where they prove something:
 * - A mark, for a message that had been received before: a position up to which it was handled,
 *   under the key of a
 *   record. The key was made of the body, also where that was a pointer. A mark could be copied from the position of the
 *   group, which may come from another life: it is believed only where it is the position of one of the changes.
 * - The position of each group. A group is handed out in order, so a message that was handled and
 *   not deleted is the
 *   one whose change the position names. It proves nothing of a message that is received for the first time.
 */
export async function progressOf(
  held: Pick<HeldMessage, "group" | "body" | "receiveCount">,
  message: ReadMessage,
  positions: Pick<AnyPositionStore<unknown>, "load">,
): Promise<Progress> {
  let key = recordKeyOf(held.group, message.text);
  let stored = await positions.load(key);
  if (stored === undefined && held.body !== message.text) {
    stored = await positions.load(recordKeyOf(held.group, held.body));
  } else if (stored !== undefined && stored > message.first && !isOwn(stored, message)) {
    // Not to be used as the record: a position never moves backwards, so it would pass for the work
    // up to there.
    key = keyOf("handled", held.group, message.text);
    stored = await positions.load(key);
  }
  // Its changes' positions are those of an earlier message, of which the position of the group may
  // speak.
  const isReplay = message.replay !== undefined;
  if (stored === undefined && held.receiveCount > 1 && !isReplay)
    stored = await positions.load(message.group);
  return { key, done: stored !== undefined && isOwn(stored, message) ? stored : BEGINNING };
}

/** Whether it is the position of one of the message's changes. */
function isOwn(position: PositionText, { last, changes }: ReadMessage): boolean {
  return position === last || changes.some((change) => change.position === position);
}

function keyOf(kind: string, group: string, text: string): string {
  return `${group}#${kind}-${createHash("sha256").update(text).digest("base64url")}`;
}
