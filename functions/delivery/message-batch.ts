import type { Batch } from "../failures/parked.ts";
import type { KeptShare } from "../message/kept-changes.ts";
import type { FrameShare, OutgoingMessage, QueueMessages } from "../message/outgoing-message.ts";

/**
 * What is left of one queue's share of one frame, as it is parked. It stands for all of the share:
 * its positions, and with them its key, depend neither on which messages were sent before nor on
 * whether our own code could make messages at all, so that a repeat of the frame finds the same
 * record, also in another release.
 */
export function shareBatch(
  share: FrameShare,
  isUnsent: (message: OutgoingMessage) => boolean = () => true,
): Batch {
  const { first, last } = share;
  const place = { first, last, ...(share.life !== undefined && { life: share.life }) };
  if (share.kind === "fault") {
    const { count, subscription, frame, isPlain, isUndecided, error } = share;
    const body: KeptShare = {
      subscription,
      frame,
      ...(isPlain && { isPlain }),
      ...(isUndecided && { isUndecided }),
    };
    const trouble = { reason: "fault", error } as const;
    return { ...place, count, body: JSON.stringify(body), trouble };
  }
  const unsent = share.messages.filter(isUnsent);
  return {
    ...place,
    ...formerPlace(share),
    count: unsent.reduce((sum, { changes }) => sum + changes, 0),
    body: JSON.stringify(unsent),
  };
}

/** Earlier releases say that a share begins and ends with its messages. */
function formerPlace({ first, last, messages }: QueueMessages): Pick<Batch, "former"> {
  const former = {
    first: messages.map((message) => message.first).reduce((a, b) => (b < a ? b : a)),
    last: messages.map((message) => message.last).reduce((a, b) => (b > a ? b : a)),
  };
  return former.first === first && former.last === last ? {} : { former };
}

/** The body of a batch: messages, or the changes that our own code could not turn into messages. */
export type BatchBody =
  | { readonly kind: "messages"; readonly messages: readonly OutgoingMessage[] }
  | ({ readonly kind: "fault" } & KeptShare);

export function readBatchBody(body: string): BatchBody {
  const value = JSON.parse(body) as readonly OutgoingMessage[] | KeptShare;
  return "frame" in value ? { kind: "fault", ...value } : { kind: "messages", messages: value };
}
