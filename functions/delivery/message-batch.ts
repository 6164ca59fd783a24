import type { Batch } from "../failures/parked.ts";
import type { KeptShare } from "../message/kept-changes.ts";
import type { FrameShare, OutgoingMessage } from "../message/outgoing-message.ts";

/**
 * What is left of one queue's share of one frame, as it is parked. It stands for all of the share:
 * its positions, and with them its key, do not depend on which messages were sent before, so that a
 * repeat of the frame finds the same record.
 */
export function shareBatch(
  share: FrameShare,
  isUnsent: (message: OutgoingMessage) => boolean = () => true,
): Batch {
  const life = share.life === undefined ? {} : { life: share.life };
  if (share.kind === "fault") {
    const { first, last, count, subscription, frame, isPlain, error } = share;
    const body: KeptShare = { subscription, frame, ...(isPlain && { isPlain }) };
    const trouble = { reason: "fault", error } as const;
    return { first, last, ...life, count, body: JSON.stringify(body), trouble };
  }
  const [{ first, last }] = share.messages;
  const unsent = share.messages.filter(isUnsent);
  return {
    first: share.messages.reduce((least, { first: next }) => (next < least ? next : least), first),
    last: share.messages.reduce((most, { last: next }) => (next > most ? next : most), last),
    ...life,
    count: unsent.reduce((sum, { changes }) => sum + changes, 0),
    body: JSON.stringify(unsent),
  };
}

/** The body of a batch: messages, or the changes that our own code could not turn into messages. */
export type BatchBody =
  | { readonly kind: "messages"; readonly messages: readonly OutgoingMessage[] }
  | ({ readonly kind: "fault" } & KeptShare);

export function readBatchBody(body: string): BatchBody {
  const value = JSON.parse(body) as readonly OutgoingMessage[] | KeptShare;
  return "frame" in value ? { kind: "fault", ...value } : { kind: "messages", messages: value };
}
