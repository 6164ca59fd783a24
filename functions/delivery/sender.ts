import type { Trouble } from "../failures/parked.ts";
import type { OutgoingMessage } from "../message/outgoing-message.ts";

/** What became of the messages of one queue. `trouble`: why those that are left could not be sent. */
export type SendResult =
  | { readonly kind: "sent" }
  | {
      readonly kind: "trouble";
      readonly trouble: Trouble;
      readonly unsent: readonly OutgoingMessage[];
    };

export interface Sender {
  /**
   * Sends messages to a queue, those of one group in order, and no message after one of its group that failed. Throws
   * OwnTroubleError when it is not the queue that is in trouble.
   */
  send(queueName: string, messages: readonly OutgoingMessage[]): Promise<SendResult>;
}
