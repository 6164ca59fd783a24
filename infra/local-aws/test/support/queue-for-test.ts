import type { Message, MessageContent } from "../../sqs/queues/message.ts";
import { MessageBody } from "../../sqs/queues/message-body.ts";
import { Queue } from "../../sqs/queues/queue.ts";
import type { DeadLetters, ReceiveOptions } from "../../sqs/queues/receives.ts";
import { NO_LOG } from "../../sqs/queues/message-log.ts";
import { newQueueAttributes, type QueueAttributes } from "../../sqs/queues/queue-attributes.ts";
import { SQS_LIMITS, type QueueLimits } from "../../sqs/queues/queue-limits.ts";
import type { ManualClock } from "./manual-clock.ts";

/** A queue object without the HTTP API. */
export function queueForTest(
  clock: ManualClock,
  attributes: QueueAttributes,
  limits: QueueLimits = SQS_LIMITS,
  deadLetters?: DeadLetters,
): Queue {
  let sequenceNumber = 0;
  return new Queue({
    name: "q",
    arn: "arn:aws:sqs:us-east-1:000000000000:q",
    url: "http://127.0.0.1/000000000000/q",
    attributes: newQueueAttributes(attributes, attributes["FifoQueue"] === "true"),
    clock,
    limits,
    nextSequenceNumber: () => String(++sequenceNumber),
    deadLetters: () => deadLetters,
    log: NO_LOG,
  });
}

export function contentForTest(body: string, groupId?: string): MessageContent {
  return {
    body: MessageBody.ofText(body),
    attributes: new Map(),
    traceHeader: undefined,
    groupId,
    deduplicationId: undefined,
  };
}

/** Receives up to ten messages without waiting. */
export function receiveForTest(
  queue: Queue,
  options: Partial<ReceiveOptions> = {},
): Promise<Message[]> {
  return queue.receive({
    most: 10,
    visibilityMs: 30_000,
    waitMs: 0,
    attemptId: undefined,
    signal: new AbortController().signal,
    ...options,
  });
}
