import { digestOf, type Batch } from "../failures/parked.ts";
import type { KeptShare } from "../message/kept-changes.ts";
import type { FrameShare, OutgoingMessage, QueueMessages } from "../message/outgoing-message.ts";

/**
 * The batch that parks the unsent messages of a queue's share of a frame. Its positions, and so its
 * key, cover the whole share. They do not depend on which messages were sent, or on whether the
 * router could make messages at all. A repeat of the frame therefore finds the same record, in
 * another release too.
 */
export function shareBatch(
  share: FrameShare,
  isUnsent: (message: OutgoingMessage) => boolean = () => true,
): Batch {
  const { first, last } = share;
  const extent = { first, last, ...(share.life !== undefined && { life: share.life }) };
  if (share.kind === "fault") {
    const { count, subscription, frame, isPlain, isUndecided, error } = share;
    const body: KeptShare = {
      subscription,
      frame,
      ...(isPlain && { isPlain }),
      ...(isUndecided && { isUndecided }),
    };
    const trouble = { reason: "fault", error } as const;
    return { ...extent, count, body: JSON.stringify(body), trouble };
  }
  const unsent = share.messages.filter(isUnsent);
  return {
    ...extent,
    share: digestOf(share.messages.map(({ deduplicationId }) => deduplicationId)),
    ...formerExtent(share),
    count: unsent.reduce((sum, { changes }) => sum + changes, 0),
    body: JSON.stringify(unsent),
  };
}

/** In earlier releases, the positions of a batch are those of the share's messages. */
function formerExtent({ first, last, messages }: QueueMessages): Pick<Batch, "former"> {
  const former = {
    first: messages.map((message) => message.first).reduce((a, b) => (b < a ? b : a)),
    last: messages.map((message) => message.last).reduce((a, b) => (b > a ? b : a)),
  };
  return former.first === first && former.last === last ? {} : { former };
}

/** The body of a batch: messages, or changes that the router failed to turn into messages. */
export type BatchBody =
  | { readonly kind: "messages"; readonly messages: readonly OutgoingMessage[] }
  | ({ readonly kind: "fault" } & KeptShare);

export function readBatchBody(body: string): BatchBody {
  const value = JSON.parse(body) as readonly OutgoingMessage[] | KeptShare;
  return "frame" in value ? { kind: "fault", ...value } : { kind: "messages", messages: value };
}
