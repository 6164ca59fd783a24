import { ListQueueTagsCommand, paginateListQueues, type SQSClient } from "@aws-sdk/client-sqs";
import { SOURCE_TAG } from "../../../wire/names.ts";
import { messagesIn } from "../../shared/messages-in.ts";

/** A queue of a source that its stack no longer has. */
export interface LeftOver {
  readonly name: string;
  readonly url: string;
  /** About how many messages it has; null when SQS does not say. */
  readonly messages: number | null;
}

/**
 * The queues that are tagged as a source's and that its stack does not have, by their names.
 * `inStack`: the names of those that it has. Rejects with SQS's errors: a list that lacks some
 * would be taken for all.
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
      const { Tags: tags = {} } = await sqs.send(new ListQueueTagsCommand({ QueueUrl: url }));
      if (tags[SOURCE_TAG] !== source) continue;
      found.push({ name, url, messages: await messagesIn(sqs, name) });
    }
  }
  return found;
}
