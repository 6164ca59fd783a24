/** The pseudo-environment of users that no environment lists. */
export const UNROUTED = "unrouted";

/**
 * The name of a subscriber's queue in an environment. SQS allows 80 characters; config/rules.ts
 * refuses a configuration with a longer name.
 */
export function environmentQueueName(
  source: string,
  subscriber: string,
  environment: string,
): string {
  return `${source}-${subscriber}-${environment}.fifo`;
}

/**
 * The name of the dead-letter queue, which gets messages that an application failed to handle too
 * often.
 */
export function environmentDeadLetterQueueName(
  source: string,
  subscriber: string,
  environment: string,
): string {
  return `${source}-${subscriber}-${environment}-dead.fifo`;
}

/**
 * The tag of an environment queue that contains the source's name. The queue's name cannot identify
 * the source, because one source's name may be the beginning of another's.
 */
export const SOURCE_TAG = "binlog-router:source";

/** The name of the queue that carries frames from the reader to the route function. */
export function rawQueueName(source: string): string {
  return `${source}-raw.fifo`;
}

/** The URL of a queue, from the URL of another queue in the same account, region and endpoint. */
export function siblingQueueUrl(queueUrl: string, queueName: string): string {
  return queueUrl.slice(0, queueUrl.lastIndexOf("/") + 1) + queueName;
}

/**
 * The attribute of the offsets table with the time, in seconds since 1970, after which DynamoDB
 * removes an item. Only the items of replays have it.
 */
export const OFFSETS_EXPIRES = "expires";

/**
 * The failures table's index of the streams that wait for a retry or for an operator, sorted by due
 * time.
 */
export const DUE_INDEX = "due";
