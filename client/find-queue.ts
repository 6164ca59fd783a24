import {
  GetQueueUrlCommand,
  ListQueuesCommand,
  QueueDoesNotExist,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { environmentQueueName } from "../wire/names.ts";
import { QueueNotFoundError } from "./errors.ts";
import { withDeadline } from "./with-deadline.ts";

/** The names that identify an environment queue. */
export interface QueueOwner {
  readonly source: string;
  readonly subscriber: string;
  readonly environment: string;
}

/** How long each of the two questions may take, including the SDK's retries, milliseconds. */
const ANSWER_MS = 10_000;

/**
 * The URL of the environment queue. Throws QueueNotFoundError, which lists the existing queues, a
 * DOMException "TimeoutError" when SQS does not answer, or what the AWS SDK throws.
 */
export async function findQueue(
  sqs: SQSClient,
  owner: QueueOwner,
  signal?: AbortSignal,
): Promise<string> {
  const name = environmentQueueName(owner.source, owner.subscriber, owner.environment);
  try {
    const { QueueUrl } = await withDeadline(signal, ANSWER_MS, (abortSignal) =>
      sqs.send(new GetQueueUrlCommand({ QueueName: name }), { abortSignal }),
    );
    if (QueueUrl !== undefined) return QueueUrl;
  } catch (cause) {
    if (!(cause instanceof QueueDoesNotExist)) throw cause;
    throw new QueueNotFoundError(name, await listEnvironmentQueues(sqs, owner.source), { cause });
  }
  throw new QueueNotFoundError(name, []);
}

/**
 * The names of a source's environment queues, or of all sources' when `source` is left out; empty
 * when the credentials may not list queues, or SQS does not answer.
 */
export async function listEnvironmentQueues(sqs: SQSClient, source?: string): Promise<string[]> {
  try {
    const names = await withDeadline(undefined, ANSWER_MS, (abortSignal) =>
      queueNames(sqs, source === undefined ? {} : { QueueNamePrefix: `${source}-` }, abortSignal),
    );
    return names.filter((name) => /^(?!.*-(raw|dead)\.fifo$).*\.fifo$/.test(name));
  } catch {
    // The list only improves the error message. Most applications lack sqs:ListQueues.
    return [];
  }
}

/** The SDK's paginator takes no client of another copy of the SDK. */
async function queueNames(
  sqs: SQSClient,
  prefix: { readonly QueueNamePrefix?: string },
  abortSignal: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const command = new ListQueuesCommand({ ...prefix, MaxResults: 1000, NextToken: next });
    const { QueueUrls = [], NextToken } = await sqs.send(command, { abortSignal });
    names.push(...QueueUrls.map((url) => url.slice(url.lastIndexOf("/") + 1)));
    next = NextToken;
    // An empty one would begin anew.
  } while (next !== undefined && next !== "");
  return names;
}
