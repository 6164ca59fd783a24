import type { Trouble } from "../failures/parked.ts";
import type { Stream } from "../failures/stream.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";
import type { ParkedStreams } from "./hand-over.ts";
import { messageBatch } from "./message-batch.ts";
import type { Sender } from "./sender.ts";

/** One frame's messages for one queue, in order; never empty. */
export type FrameMessages = readonly OutgoingMessage[];

/** How far an attempt at one queue came. `behind`: how many changes were parked behind others. */
export type Attempt = { readonly queueName: string; readonly behind: number } & (
  | { readonly kind: "sent" }
  /** The last frame's messages are behind what is parked, so that nothing was offered to the queue after them. */
  | { readonly kind: "parked" }
  | {
      readonly kind: "refused";
      readonly trouble: Trouble;
      /** The frames' messages that were offered to the queue, and those of them that did not get through. */
      readonly offered: readonly FrameMessages[];
      readonly unsent: ReadonlySet<OutgoingMessage>;
    }
);

export interface AttemptEffects {
  readonly streams: ParkedStreams;
  readonly sender: Sender;
}

const BEHIND: Trouble = { reason: "behind", error: "" };

/**
 * Offers the messages of consecutive frames to their queue; while something of the queue is parked, they are parked behind
 * it instead, each frame's as a record of its own. From the first frame on that finds nothing parked, all go directly:
 * nobody but the caller opens the stream. `listed`: whether the stream may be open at all.
 */
export async function attemptQueue(
  stream: Stream,
  frames: readonly FrameMessages[],
  listed: boolean,
  { streams, sender }: AttemptEffects,
): Promise<Attempt> {
  const queueName = stream.name;
  let behind = 0;
  let settled = 0;
  for (const messages of listed ? frames : []) {
    const parking = await streams.parkBehind(stream, messageBatch(messages), BEHIND);
    if (parking === "clear") break;
    if (parking === "parked") behind += changesOf(messages);
    settled++;
  }
  const offered = frames.slice(settled);
  if (offered.length === 0) return { kind: "parked", queueName, behind };
  const result = await sender.send(queueName, offered.flat());
  if (result.kind === "sent") return { kind: "sent", queueName, behind };
  const { trouble, unsent } = result;
  return { kind: "refused", queueName, behind, trouble, offered, unsent: new Set(unsent) };
}

export function changesOf(messages: Iterable<OutgoingMessage>): number {
  let sum = 0;
  for (const { changes } of messages) sum += changes;
  return sum;
}
