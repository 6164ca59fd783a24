import type { Batch, Trouble } from "../failures/parked.ts";
import type { Stream } from "../failures/stream.ts";
import { isNonEmpty, mapNonEmpty, type NonEmpty } from "../ground/non-empty.ts";
import type { FrameShare, OutgoingMessage } from "../message/outgoing-message.ts";
import type { ParkedStreams } from "./hand-over.ts";
import { shareBatch } from "./message-batch.ts";
import type { Sender, SendResult } from "./queue-sender.ts";

/** The result of an attempt to deliver to one queue. */
export type Attempt = { readonly queueName: string } & (
  | { readonly kind: "sent" }
  /**
   * All messages were parked behind earlier ones, or were delivered from there before. `changes` is
   * the number of parked changes.
   */
  | { readonly kind: "parked"; readonly changes: number }
  | {
      readonly kind: "refused";
      readonly trouble: Trouble;
      /**
       * The shares that were offered to the queue. `sent` has the messages among them that were
       * sent.
       */
      readonly offered: NonEmpty<FrameShare>;
      readonly sent: ReadonlySet<OutgoingMessage>;
    }
);

export interface AttemptEffects {
  readonly streams: ParkedStreams;
  readonly sender: Sender;
}

const BEHIND: Trouble = { reason: "behind", error: "" };

/**
 * Sends the shares of consecutive frames to their queue. While the queue has parked messages, the
 * shares are parked behind them instead, with one record per frame. When nothing is parked, all
 * shares that were not delivered from the stream before are sent directly. This is safe because
 * only the caller can open the stream. `listed` tells whether the stream may be open at all.
 */
export async function attemptQueue(
  stream: Stream,
  shares: NonEmpty<FrameShare>,
  listed: boolean,
  { streams, sender }: AttemptEffects,
): Promise<Attempt> {
  const queueName = stream.name;
  const batches = listed ? mapNonEmpty(shares, (share) => shareBatch(share)) : null;
  let delivered = 0;
  let written: readonly Batch[] = [];
  if (batches !== null) {
    const parking = await streams.parkBehind(stream, batches, BEHIND);
    if (parking.kind === "parked") {
      return { kind: "parked", queueName, changes: changesOf(shares) };
    }
    ({ delivered, written } = parking);
  }
  const offered = shares.slice(delivered);
  if (!isNonEmpty(offered)) return { kind: "parked", queueName, changes: 0 };
  const { trouble, sent } = await sendShares(queueName, offered, sender);
  if (trouble !== null) return { kind: "refused", queueName, trouble, offered, sent };
  if (written.length > 0) await streams.forget(stream, written);
  return { kind: "sent", queueName };
}

/**
 * Sends the shares before the first one without messages. Later shares must wait behind that one.
 */
async function sendShares(
  queueName: string,
  shares: NonEmpty<FrameShare>,
  sender: Sender,
): Promise<{ readonly trouble: Trouble | null; readonly sent: ReadonlySet<OutgoingMessage> }> {
  const messages: OutgoingMessage[] = [];
  let fault: Trouble | null = null;
  for (const share of shares) {
    if (share.kind === "fault") {
      fault = { reason: "fault", error: share.error };
      break;
    }
    for (const message of share.messages) messages.push(message);
  }
  const result: SendResult =
    messages.length === 0 ? { kind: "sent" } : await sender.send(queueName, messages);
  const sent = new Set(messages);
  if (result.kind === "sent") return { trouble: fault, sent };
  for (const message of result.unsent) sent.delete(message);
  return { trouble: result.trouble, sent };
}

/** The number of changes in shares, without those in `sent`. */
export function changesOf(
  shares: readonly FrameShare[],
  sent: ReadonlySet<OutgoingMessage> = new Set(),
): number {
  let sum = 0;
  for (const share of shares) {
    if (share.kind === "fault") sum += share.count;
    else for (const message of share.messages) if (!sent.has(message)) sum += message.changes;
  }
  return sum;
}
