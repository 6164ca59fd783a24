import type { Deadline } from "../../time/deadlines.ts";
import type { ListNode } from "./linked-list.ts";
import type { MessageAttributes } from "./message-attributes.ts";

/** What a sender gives. */
export interface MessageContent {
  readonly body: string;
  /** Lower-case hexadecimal. */
  readonly bodyMd5: string;
  readonly attributes: MessageAttributes;
  readonly traceHeader: string | undefined;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
}

/**
 * delayed ─▶ visible ◀─▶ inFlight; gone from any of them. Only `Messages` changes it.
 */
export type MessageState = "delayed" | "visible" | "inFlight" | "gone";

/** A message in a queue. */
export interface Message extends MessageContent {
  readonly id: string;
  readonly sequenceNumber: string | undefined;
  /** What the retention period counts from. */
  readonly sentAtMs: number;
  /** In a dead-letter queue: the ARN of the queue it came from. */
  readonly deadLetterSource: string | undefined;
  state: MessageState;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
  /** Its latest receive. */
  receivedAtMs: number | undefined;
  /** Names the latest receive; part of its receipt handle. */
  receipt: string | undefined;
  /** When it becomes visible. */
  deadline: Deadline<Message> | undefined;
  /** Its places in the queue's lists. */
  inQueue: ListNode<Message> | undefined;
  inOrder: ListNode<Message> | undefined;
  /** Its place among those that a FIFO queue does not look at yet, see `Reach`. */
  beyondReach: ListNode<Message> | undefined;
}
