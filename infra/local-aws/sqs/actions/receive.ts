import { textOf, type JsonObject } from "../../http/aws-json.ts";
import { optionalInteger, requiredText, texts } from "./input.ts";
import type { Message } from "../queues/message.ts";
import { attributesMd5, selectAttributes } from "../queues/message-attributes.ts";
import type { Queue } from "../queues/queue.ts";
import { LONGEST_VISIBILITY_SECONDS } from "../queues/queue-limits.ts";
import { formatReceiptHandle } from "./receipt-handle.ts";
import type { Action } from "./action.ts";

/** The sender in SQS's form, a principal's id. */
const SENDER_ID = "AIDALOCALPRINCIPAL000";

/**
 * ReceiveMessage. As with SQS, messages count as received even if the answer does not reach the
 * client; they become visible again after their visibility timeout.
 */
export const receiveMessage: Action = async (input, { queues, signal }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  const visibility = optionalInteger(input, "VisibilityTimeout", 0, LONGEST_VISIBILITY_SECONDS);
  const wait = optionalInteger(input, "WaitTimeSeconds", 0, 20);
  const messages = await queue.receive({
    most: optionalInteger(input, "MaxNumberOfMessages", 1, 10) ?? 1,
    visibilityMs:
      visibility === undefined ? queue.durationMs("VisibilityTimeout") : visibility * 1000,
    waitMs: wait === undefined ? queue.durationMs("ReceiveMessageWaitTimeSeconds") : wait * 1000,
    attemptId: queue.fifo ? textOf(input, "ReceiveRequestAttemptId") : undefined,
    signal,
  });
  if (messages.length === 0) return {};
  const system = [
    ...texts(input, "AttributeNames"),
    ...texts(input, "MessageSystemAttributeNames"),
  ];
  const wanted = texts(input, "MessageAttributeNames");
  return { Messages: messages.map((message) => describe(queue, message, system, wanted)) };
};

function describe(
  queue: Queue,
  message: Message,
  systemNames: readonly string[],
  attributeNames: readonly string[],
): JsonObject {
  const attributes = selectAttributes(message.attributes, attributeNames);
  const system = selectSystemAttributes(message, systemNames);
  const receipt = { queueId: queue.id, messageId: message.id, receipt: message.receipt ?? "" };
  return {
    MessageId: message.id,
    ReceiptHandle: formatReceiptHandle(receipt),
    MD5OfBody: message.body.md5,
    Body: message.body,
    ...(Object.keys(system).length === 0 ? {} : { Attributes: system }),
    ...(attributes.size === 0
      ? {}
      : {
          MessageAttributes: Object.fromEntries(attributes),
          MD5OfMessageAttributes: attributesMd5(attributes),
        }),
  };
}

function selectSystemAttributes(message: Message, wanted: readonly string[]): JsonObject {
  if (wanted.length === 0) return {};
  const all: Record<string, string | undefined> = {
    SenderId: SENDER_ID,
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
    SequenceNumber: message.sequenceNumber,
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([name, value]) => value !== undefined && (wanted.includes("All") || wanted.includes(name)),
    ),
  );
}
