import type { Trouble } from "../failures/parked.ts";
import type { Stream } from "../failures/stream.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";
import type { ParkedStreams } from "./hand-over.ts";
import { messageBatch } from "./message-batch.ts";
import type { Sender } from "./queue-sender.ts";

/** One frame's messages for one queue, in order; never empty. */
export type FrameMessages = readonly OutgoingMessage[];

/** What became of an attempt at one queue. */
export type Attempt = { readonly queueName: string } & (
  | { readonly kind: "sent" }
  /** Everything is behind what is parked, `changes` in number, or was delivered from there before. */
  | { readonly kind: "parked"; readonly changes: number }
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
 * it instead, each frame's as a record of its own. When nothing is parked any more, all that was not delivered from there
 * goes directly: nobody but the caller opens the stream. `listed`: whether the stream may be open at all.
 */
export async function attemptQueue(
  stream: Stream,
  frames: readonly FrameMessages[],
  listed: boolean,
  { streams, sender }: AttemptEffects,
): Promise<Attempt> {
  const queueName = stream.name;
  const batches = listed ? frames.map((messages) => messageBatch(messages)) : [];
  let delivered = 0;
  if (listed) {
    const parking = await streams.parkBehind(stream, batches, BEHIND);
    if (parking.kind === "parked") {
      return { kind: "parked", queueName, changes: changesOf(frames.flat()) };
    }
    delivered = parking.delivered;
  }
  const offered = frames.slice(delivered);
  if (offered.length === 0) return { kind: "parked", queueName, changes: 0 };
  const result = await sender.send(queueName, offered.flat());
  if (result.kind === "trouble") {
    const { trouble, unsent } = result;
    return { kind: "refused", queueName, trouble, offered, unsent: new Set(unsent) };
  }
  if (listed) await streams.forget(stream, batches.slice(delivered));
  return { kind: "sent", queueName };
}

export function changesOf(messages: Iterable<OutgoingMessage>): number {
  let sum = 0;
  for (const { changes } of messages) sum += changes;
  return sum;
}
