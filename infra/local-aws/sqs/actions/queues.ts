import { textOf, type JsonObject } from "../../http/aws-json.ts";
import { SqsError } from "../queues/errors.ts";
import { optionalInteger, requiredText, textMap, texts } from "./input.ts";
import type { Queue } from "../queues/queue.ts";
import type { Action } from "./action.ts";

const PURGE_INTERVAL_MS = 60_000;

export const createQueue: Action = (input, { queues }) => {
  const name = requiredText(input, "QueueName");
  const queue = queues.create(name, textMap(input, "Attributes"), textMap(input, "tags"));
  return { QueueUrl: queue.url };
};

export const getQueueUrl: Action = (input, { queues }) => {
  const owner = textOf(input, "QueueOwnerAWSAccountId");
  const name = requiredText(input, "QueueName");
  if (owner !== undefined && owner !== queues.accountId)
    throw new SqsError("QueueDoesNotExist", "The specified queue does not exist.");
  return { QueueUrl: queues.named(name).url };
};

export const listQueues: Action = (input, { queues }) => {
  const prefix = textOf(input, "QueueNamePrefix") ?? "";
  const most = optionalInteger(input, "MaxResults", 1, 1000) ?? 1000;
  const after = textOf(input, "NextToken") ?? "";
  const matching = queues.all().filter(({ name }) => name.startsWith(prefix) && name > after);
  const page = matching.slice(0, most);
  const more = matching.length > page.length && input["MaxResults"] !== undefined;
  return {
    ...(page.length === 0 ? {} : { QueueUrls: page.map(({ url }) => url) }),
    ...(more ? { NextToken: page.at(-1)?.name } : {}),
  };
};

export const deleteQueue: Action = (input, { queues }) => {
  queues.delete(queues.atUrl(requiredText(input, "QueueUrl")));
  return {};
};

export const purgeQueue: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  const nowMs = queues.clock.now();
  if (queue.purgedMs !== undefined && nowMs < queue.purgedMs + PURGE_INTERVAL_MS) {
    throw new SqsError(
      "PurgeQueueInProgress",
      `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
    );
  }
  queue.purgedMs = nowMs;
  queue.purge();
  return {};
};

export const getQueueAttributes: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  const wanted = texts(input, "AttributeNames");
  const all = describe(queue);
  const unknown = wanted.find((name) => name !== "All" && !KNOWN_ATTRIBUTES.has(name));
  if (unknown !== undefined)
    throw new SqsError("InvalidAttributeName", `Unknown Attribute ${unknown}.`);
  const chosen = Object.entries(all).filter(
    ([name]) => wanted.includes("All") || wanted.includes(name),
  );
  return chosen.length === 0 ? {} : { Attributes: Object.fromEntries(chosen) };
};

export const setQueueAttributes: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  queues.changeAttributes(queue, textMap(input, "Attributes"));
  return {};
};

export const listDeadLetterSourceQueues: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  return { queueUrls: queues.deadLetterSources(queue).map(({ url }) => url) };
};

export const tagQueue: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  for (const [key, value] of Object.entries(textMap(input, "Tags"))) queue.tags.set(key, value);
  return {};
};

export const untagQueue: Action = (input, { queues }) => {
  const queue = queues.atUrl(requiredText(input, "QueueUrl"));
  for (const key of texts(input, "TagKeys")) queue.tags.delete(key);
  return {};
};

export const listQueueTags: Action = (input, { queues }) => {
  const { tags } = queues.atUrl(requiredText(input, "QueueUrl"));
  return tags.size === 0 ? {} : { Tags: Object.fromEntries(tags) };
};

function describe(queue: Queue): JsonObject {
  const { counts } = queue;
  return {
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    CreatedTimestamp: String(Math.floor(queue.createdMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedMs / 1000)),
  };
}

const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set([
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
  "ContentBasedDeduplication",
  "CreatedTimestamp",
  "DeduplicationScope",
  "DelaySeconds",
  "FifoQueue",
  "FifoThroughputLimit",
  "KmsDataKeyReusePeriodSeconds",
  "KmsMasterKeyId",
  "LastModifiedTimestamp",
  "MaximumMessageSize",
  "MessageRetentionPeriod",
  "Policy",
  "QueueArn",
  "ReceiveMessageWaitTimeSeconds",
  "RedriveAllowPolicy",
  "RedrivePolicy",
  "SqsManagedSseEnabled",
  "VisibilityTimeout",
]);
