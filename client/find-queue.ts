import {
  GetQueueUrlCommand,
  paginateListQueues,
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
  signal: AbortSignal = new AbortController().signal,
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
  const names: string[] = [];
  const prefix = source === undefined ? {} : { QueueNamePrefix: `${source}-` };
  const pages = paginateListQueues(
    { client: sqs },
    { ...prefix, MaxResults: 1000 },
    { abortSignal: AbortSignal.timeout(ANSWER_MS) },
  );
  try {
    for await (const page of pages) {
      for (const url of page.QueueUrls ?? []) names.push(url.slice(url.lastIndexOf("/") + 1));
    }
  } catch {
    // The list only improves the error message. Most applications lack sqs:ListQueues.
    return [];
  }
  return names.filter((name) => /^(?!.*-(raw|dead)\.fifo$).*\.fifo$/.test(name));
}
