import type { Batch } from "../failures/parked.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";

/**
 * What is left of one queue's messages of one frame, as it is parked. It stands for all of them: its positions, and with
 * them its key, do not depend on which were sent before, so that a repeat of the frame finds the same record. Throws
 * RangeError when there are none.
 */
export function messageBatch(
  messages: readonly OutgoingMessage[],
  unsent: readonly OutgoingMessage[] = messages,
): Batch {
  const firsts = messages.map(({ first }) => first).sort();
  const lasts = messages.map(({ last }) => last).sort();
  const first = firsts[0];
  const last = lasts.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("nothing to park");
  const count = unsent.reduce((sum, { changes }) => sum + changes, 0);
  return { first, last, count, body: JSON.stringify(unsent) };
}

/** The messages in the body of such a batch. */
export function batchMessages(body: string): OutgoingMessage[] {
  return JSON.parse(body) as OutgoingMessage[];
}
