import type { MessageContent } from "./message.ts";

/** A message in a log. It can be written as JSON, except for the Map of its attributes. */
export interface LoggedMessage extends MessageContent {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  readonly sentAtMs: number;
  readonly visibleAtMs: number | undefined;
  readonly deadLetterSource: string | undefined;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
}

/** A send, kept to recognise its repeats even when its message is gone. */
export interface LoggedSend {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  readonly sentAtMs: number;
  readonly groupId: string | undefined;
  readonly deduplicationId: string;
}

/**
 * Records the events of one queue's messages, each before it takes effect. If a method throws, the
 * request is not acknowledged.
 */
export interface MessageLog {
  /** `isSend`: whether the deduplication id counts from now on, unlike at a move between queues. */
  added(message: LoggedMessage, isSend: boolean): void;
  received(id: string, receiveCount: number, firstReceivedAtMs: number): void;
  removed(id: string): void;
  /** The messages in the queue when the log was opened, oldest first. */
  readonly messages: readonly LoggedMessage[];
  /** The queue's sends of the last minutes, oldest first. */
  readonly sends: readonly LoggedSend[];
}

/** The log of a queue in memory; it records nothing. */
export const NO_LOG: MessageLog = {
  added: () => undefined,
  received: () => undefined,
  removed: () => undefined,
  messages: [],
  sends: [],
};
