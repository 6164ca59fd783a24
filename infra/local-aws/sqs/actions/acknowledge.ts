import type { JsonObject } from "../../http/aws-json.ts";
import { batchEntries, eachEntry } from "./batches.ts";
import { invalidParameter, SqsError } from "../queues/errors.ts";
import { optionalInteger, requiredText } from "./input.ts";
import type { Queue, ReceivedMessage } from "../queues/queue.ts";
import { LONGEST_VISIBILITY_SECONDS } from "../queues/queue-limits.ts";
import { parseReceiptHandle } from "./receipt-handle.ts";
import type { Action } from "./action.ts";

export const deleteMessage: Action = (input, { queues }) =>
  deleteReceived(queues.atUrl(requiredText(input, "QueueUrl")), input);

export const deleteMessageBatch: Action = (input, { queues, failedEntry }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  const entries = batchEntries(input);
  return queue.together(() =>
    eachEntry(entries, failedEntry, (entry) => deleteReceived(queue, entry)),
  );
};

export const changeMessageVisibility: Action = (input, { queues }) =>
  changeVisibility(queues.atUrl(requiredText(input, "QueueUrl")), input);

export const changeMessageVisibilityBatch: Action = (input, { queues, failedEntry }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  return eachEntry(batchEntries(input), failedEntry, (entry) => changeVisibility(queue, entry));
};

/**
 * Deletes a received message; a second delete succeeds too. An outdated handle succeeds without
 * effect in a standard queue. A FIFO queue refuses it, because another receiver may have the
 * message by now.
 */
function deleteReceived(queue: Queue, input: JsonObject): JsonObject {
  const handle = requiredText(input, "ReceiptHandle");
  const found = findReceived(queue, handle);
  if (found?.validity === "current") queue.delete(found.message);
  if (found?.validity === "expired" && queue.fifo)
    throw invalidParameter("ReceiptHandle", handle, "The receipt handle has expired.");
  return {};
}

function changeVisibility(queue: Queue, input: JsonObject): JsonObject {
  const handle = requiredText(input, "ReceiptHandle");
  const seconds = optionalInteger(input, "VisibilityTimeout", 0, LONGEST_VISIBILITY_SECONDS);
  if (seconds === undefined)
    throw new SqsError(
      "MissingParameter",
      "The request must contain the parameter VisibilityTimeout.",
    );
  const found = findReceived(queue, handle);
  if (found?.validity !== "current") {
    throw invalidParameter(
      "ReceiptHandle",
      handle,
      "Message does not exist or is not available for visibility timeout change.",
    );
  }
  queue.changeVisibility(found.message, seconds * 1000);
  return {};
}

function findReceived(queue: Queue, handle: string): ReceivedMessage | undefined {
  const receipt = parseReceiptHandle(handle);
  if (receipt?.queueId !== queue.id) {
    throw new SqsError(
      "ReceiptHandleIsInvalid",
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
    );
  }
  return queue.findReceipt(receipt.messageId, receipt.receipt);
}
