import type { Deadline } from "../../time/deadlines.ts";
import type { ListNode } from "./linked-list.ts";
import type { MessageAttributes } from "./message-attributes.ts";
import type { MessageBody } from "./message-body.ts";

/** The parts of a message that come from its sender. */
export interface MessageContent {
  readonly body: MessageBody;
  readonly attributes: MessageAttributes;
  readonly traceHeader: string | undefined;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
}

/** delayed ─▶ visible ◀─▶ inFlight; any of them ─▶ gone. Only `Messages` changes the state. */
export type MessageState = "delayed" | "visible" | "inFlight" | "gone";

export interface Message extends MessageContent {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  /** When the retention period began. */
  readonly sentAtMs: number;
  /** In a dead-letter queue: the ARN of the queue from which the message came. */
  readonly deadLetterSource: string | undefined;
  state: MessageState;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
  /** The time of the latest receive. */
  receivedAtMs: number | undefined;
  /** The id of the latest receive; part of its receipt handle. */
  receipt: string | undefined;
  /** When the message becomes visible. */
  deadline: Deadline<Message> | undefined;
  /** The message's nodes in the queue's lists. */
  inQueue: ListNode<Message> | undefined;
  inOrder: ListNode<Message> | undefined;
  /**
   * The message's node in the list of messages beyond a FIFO queue's reach (see `Reach`); undefined
   * when it is within reach.
   */
  beyondReach: ListNode<Message> | undefined;
}
