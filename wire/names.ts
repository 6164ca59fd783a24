/** The pseudo-environment of users that belong to none. */
export const UNROUTED = "unrouted";

/**
 * The queue that an application of `environment` reads as `subscriber`. SQS allows 80 characters:
 * the configuration is refused when a name would be longer.
 */
export function environmentQueueName(
  source: string,
  subscriber: string,
  environment: string,
): string {
  return `${source}-${subscriber}-${environment}.fifo`;
}

/** Where environment messages go that an application failed to handle too often. */
export function environmentDeadLetterQueueName(
  source: string,
  subscriber: string,
  environment: string,
): string {
  return `${source}-${subscriber}-${environment}-dead.fifo`;
}

/**
 * The tag of an environment's queues that has the source's name: a name that begins like the
 * source's may be another source's.
 */
export const SOURCE_TAG = "binlog-router:source";

/** The queue of frames between the reader and the route function. */
export function rawQueueName(source: string): string {
  return `${source}-raw.fifo`;
}

/**
 * The URL of a queue in the same account, region and endpoint as another one, whose URL is known.
 */
export function siblingQueueUrl(queueUrl: string, queueName: string): string {
  return queueUrl.slice(0, queueUrl.lastIndexOf("/") + 1) + queueName;
}

/**
 * The failures table's index of the streams that wait for a retry or for an operator, by when they
 * are due.
 */
export const DUE_INDEX = "due";
