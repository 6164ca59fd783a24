import type { Sender, SendResult } from "../delivery/queue-sender.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";

/** `over`: the time ended before the messages in `unsent` were sent. */
export type TimedResult =
  | SendResult
  | { readonly kind: "over"; readonly unsent: readonly OutgoingMessage[] };

/** Messages that are sent before the first look at the clock. */
const FIRST_STEP = 10;
/** Twice as many go out until the next look while the last ones took less, milliseconds. */
const STEP_MS = 500;

/**
 * Sends messages in order while there is time: a queue that answers slowly does not outlast the
 * invocation.
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
