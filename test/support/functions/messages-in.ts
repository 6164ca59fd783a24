import type { FrameShare, OutgoingMessage } from "../../../functions/message/outgoing-message.ts";

/** The messages of a frame's shares. Throws when our own code failed to make some. */
export function messagesIn(shares: readonly FrameShare[]): readonly OutgoingMessage[] {
  return shares.flatMap((share) => {
    if (share.kind === "fault") throw new Error(`${share.queueName}: ${share.error}`);
    return share.messages;
  });
}
