import { createHash } from "node:crypto";
import { textOf, type JsonObject } from "../../http/aws-json.ts";
import { batchEntries, eachEntry } from "./batches.ts";
import { invalidParameter, SqsError } from "../queues/errors.ts";
import { optionalInteger, requiredText } from "./input.ts";
import type { MessageContent } from "../queues/message.ts";
import { MessageBody } from "../queues/message-body.ts";
import {
  attributesMd5,
  attributesSize,
  parseMessageAttributes,
} from "../queues/message-attributes.ts";
import type { Queue } from "../queues/queue.ts";
import type { Action } from "./action.ts";

/** The limit for a message, and for all messages of a batch together: 1 MiB. */
const MOST_BYTES = 1_048_576;

const ID = /^[!-~]{1,128}$/;

export const sendMessage: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  requireFifoParameters(queue, input, "MissingParameter");
  return send(queue, input);
};

export const sendMessageBatch: Action = (input, { queues, failedEntry }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  const entries = batchEntries(input);
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > MOST_BYTES) {
    throw new SqsError(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${MOST_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  }
  for (const entry of entries) requireFifoParameters(queue, entry, "InvalidParameterValue");
  return queue.together(() => eachEntry(entries, failedEntry, (entry) => send(queue, entry)));
};

function send(queue: Queue, input: JsonObject): JsonObject {
  const body = bodyOf(input);
  const attributes = parseMessageAttributes(input);
  const most = Number(queue.attributes["MaximumMessageSize"]);
  if (body.bytes + attributesSize(attributes) > most) {
    throw new SqsError(
      "InvalidParameterValue",
      `One or more parameters are invalid. Reason: Message must be shorter than ${most} bytes.`,
    );
  }
  if (!body.isAllowed) {
    throw new SqsError(
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    );
  }
  const content: MessageContent = {
    body,
    attributes,
    traceHeader: traceHeaderOf(input),
    groupId: checkedId(input, "MessageGroupId"),
    deduplicationId: queue.fifo ? deduplicationIdOf(queue, input, body) : undefined,
  };
  const { id, sequenceNumber } = queue.send(content, delayMs(queue, input));
  const md5 = attributesMd5(attributes);
  return {
    MessageId: id,
    MD5OfMessageBody: body.md5,
    ...(md5 === undefined ? {} : { MD5OfMessageAttributes: md5 }),
    ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
  };
}

/** The body; JSON requests have it already. Throws SqsError. */
function bodyOf(input: JsonObject): MessageBody {
  const body = input["MessageBody"];
  if (body instanceof MessageBody && body.length > 0) return body;
  return MessageBody.ofText(requiredText(input, "MessageBody"));
}

/**
 * Checks the parameters for FIFO queues. In a batch, SQS reports a missing group as an invalid
 * parameter and refuses all entries.
 */
function requireFifoParameters(
  queue: Queue,
  input: JsonObject,
  error: "MissingParameter" | "InvalidParameterValue",
): void {
  if (!queue.fifo) {
    if (input["MessageDeduplicationId"] === undefined) return;
    throw invalidParameter(
      "MessageDeduplicationId",
      input["MessageDeduplicationId"],
      "The request include parameter that is not valid for this queue type.",
    );
  }
  if (input["MessageGroupId"] === undefined)
    throw new SqsError(error, "The request must contain the parameter MessageGroupId.");
  const contentBased = queue.attributes["ContentBasedDeduplication"] === "true";
  if (input["MessageDeduplicationId"] === undefined && !contentBased) {
    throw new SqsError(
      "InvalidParameterValue",
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  }
  // FIFO queues allow only the queue's delay, which keeps the order of a group.
  if (input["DelaySeconds"] !== undefined && input["DelaySeconds"] !== 0) {
    throw invalidParameter(
      "DelaySeconds",
      input["DelaySeconds"],
      "The request include parameter that is not valid for this queue type.",
    );
  }
}

function deduplicationIdOf(queue: Queue, input: JsonObject, body: MessageBody): string | undefined {
  const given = checkedId(input, "MessageDeduplicationId");
  if (given !== undefined || queue.attributes["ContentBasedDeduplication"] !== "true") return given;
  return createHash("sha256").update(body.text).digest("hex");
}

function checkedId(
  input: JsonObject,
  name: "MessageGroupId" | "MessageDeduplicationId",
): string | undefined {
  const value = textOf(input, name);
  if (value === undefined || ID.test(value)) return value;
  throw invalidParameter(
    name,
    value,
    `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

function delayMs(queue: Queue, input: JsonObject): number {
  const seconds = queue.fifo ? undefined : optionalInteger(input, "DelaySeconds", 0, 900);
  return seconds === undefined ? queue.durationMs("DelaySeconds") : seconds * 1000;
}

function traceHeaderOf(input: JsonObject): string | undefined {
  const attributes = (input["MessageSystemAttributes"] ?? {}) as {
    AWSTraceHeader?: { StringValue?: string };
  };
  return attributes.AWSTraceHeader?.StringValue;
}

/**
 * The size of a batch's entry, bytes. Invalid parts count as empty; sending the entry reports them.
 */
function sizeOf(entry: JsonObject): number {
  const attributes = new Map(Object.entries(entry["MessageAttributes"] ?? {}));
  const body = entry["MessageBody"];
  const text = textOf(entry, "MessageBody") ?? "";
  const bytes = body instanceof MessageBody ? body.bytes : Buffer.byteLength(text);
  return bytes + attributesSize(attributes);
}
