import {
  ListQueueTagsCommand,
  paginateListQueues,
  QueueDoesNotExist,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { SOURCE_TAG } from "../../../wire/names.ts";
import { messagesIn, waitingIn } from "../../shared/messages-in.ts";

/** A queue of a source that no longer belongs to its stack. */
export interface LeftOver {
  readonly name: string;
  readonly url: string;
  /** The approximate number of messages; null when unknown. */
  readonly messages: number | null;
}

/**
 * Finds the queues that have the source's tag and are not in its stack. `inStack` contains the
 * names of the stack's queues. Rejects with SQS's errors rather than return an incomplete list.
 */
export async function leftOverQueues(
  sqs: SQSClient,
  source: string,
  inStack: ReadonlySet<string>,
): Promise<LeftOver[]> {
  const found: LeftOver[] = [];
  const pages = paginateListQueues(
    { client: sqs, pageSize: 1000 },
    { QueueNamePrefix: `${source}-` },
  );
  for await (const { QueueUrls: urls = [] } of pages) {
    for (const url of urls) {
      const name = url.slice(url.lastIndexOf("/") + 1);
      if (inStack.has(name)) continue;
      const tags = await orGone(sqs.send(new ListQueueTagsCommand({ QueueUrl: url })));
      if (tags?.Tags?.[SOURCE_TAG] !== source) continue;
      found.push({ name, url, messages: await messagesIn(sqs, name) });
    }
  }
  return found;
}

/** Whether a name is one that the source's queues may have, and no queue has it (any more). */
export async function isMissing(sqs: SQSClient, source: string, name: string): Promise<boolean> {
  return name.startsWith(`${source}-`) && (await waitingIn(sqs, name)) === "no queue";
}

/**
 * The answer of a call for a queue; null when the queue does not exist any more. SQS lists a queue
 * for up to a minute after its deletion.
 */
export async function orGone<Answer>(call: Promise<Answer>): Promise<Answer | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return null;
    throw error;
  }
}
