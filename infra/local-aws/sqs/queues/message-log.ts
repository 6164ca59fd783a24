import type { MessageContent } from "./message.ts";

/** A message as it is written down: JSON, but for the Map of its attributes. */
export interface LoggedMessage extends MessageContent {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  readonly sentAtMs: number;
  readonly visibleAtMs: number | undefined;
  readonly deadLetterSource: string | undefined;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
}

/** A send that a repeat of it is recognised by, whatever became of its message. */
export interface LoggedSend {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  readonly sentAtMs: number;
  readonly groupId: string | undefined;
  readonly deduplicationId: string;
}

/**
 * What happens to the messages of one queue, each time before it takes effect. What throws is not
 * acknowledged.
 */
export interface MessageLog {
  /** `isSend`: with a deduplication id that holds from now on; a move between queues has none. */
  added(message: LoggedMessage, isSend: boolean): void;
  received(id: string, receiveCount: number, firstReceivedAtMs: number): void;
  removed(id: string): void;
  /** What the queue held when the process before this one ended, oldest first. */
  readonly messages: readonly LoggedMessage[];
  /** Its sends of the last minutes, oldest first. */
  readonly sends: readonly LoggedSend[];
}

/** The log of a queue whose messages go with this process. */
export const NO_LOG: MessageLog = {
  added: () => undefined,
  received: () => undefined,
  removed: () => undefined,
  messages: [],
  sends: [],
};
