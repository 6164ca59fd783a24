import type { Sender, SendResult } from "../delivery/queue-sender.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";

/** `over`: the time was over before the messages in `unsent` were sent. */
export type TimedResult =
  | SendResult
  | { readonly kind: "over"; readonly unsent: readonly OutgoingMessage[] };

/** Number of messages in the first step, before the time is checked. */
const FIRST_STEP = 10;
/** A step that took less time is followed by one of twice its size; otherwise by one of half. */
const STEP_MS = 500;

/**
 * Sends messages in order, in steps between which it checks the time, so that sending to a slow
 * queue ends within the invocation.
 */
export async function sendInTime(
  sender: Sender,
  queueName: string,
  messages: readonly OutgoingMessage[],
  isOver: () => boolean,
): Promise<TimedResult> {
  let step = FIRST_STEP;
  for (let start = 0; start < messages.length;) {
    if (start > 0 && isOver()) return { kind: "over", unsent: messages.slice(start) };
    const end = start + step;
    const startedAt = performance.now();
    const result = await sender.send(queueName, messages.slice(start, end));
    if (result.kind === "trouble")
      return { ...result, unsent: [...result.unsent, ...messages.slice(end)] };
    if (performance.now() - startedAt < STEP_MS) step *= 2;
    else step = Math.max(1, Math.floor(step / 2));
    start = end;
  }
  return { kind: "sent" };
}
