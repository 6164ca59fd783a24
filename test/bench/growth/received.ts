import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";

const QUEUES_AT_ONCE = 8;
const LONG_POLL_S = 20;

/** Empties these queues; returns how many row changes were in them. */
export async function emptyQueues(sqs: SQSClient, queueUrls: Iterable<string>): Promise<number> {
  let changes = 0;
  await forEachLimited(queueUrls, QUEUES_AT_ONCE, async (queueUrl) => {
    for (;;) {
      const messages = await receive(sqs, queueUrl, 0);
      if (messages.length === 0) return;
      for (const message of messages) changes += rowsOf(message).length;
    }
  });
  return changes;
}

/**
 * Resolves when a row with this value in the column `mark` has arrived. Throws after `silenceMs`.
 */
export async function untilMark(
  sqs: SQSClient,
  queueUrl: string,
  mark: string,
  silenceMs: number,
): Promise<void> {
  const end = performance.now() + silenceMs;
  while (performance.now() < end) {
    const messages = await receive(sqs, queueUrl, LONG_POLL_S);
    if (messages.flatMap(rowsOf).some((row) => row["mark"] === mark)) return;
  }
  throw new Error(`${queueUrl} is silent for ${silenceMs / 1000} s`);
}

/** Receives messages and deletes them from the queue; returns them. */
async function receive(
  sqs: SQSClient,
  queueUrl: string,
  waitSeconds: number,
): Promise<readonly Message[]> {
  const { Messages: messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: waitSeconds,
    }),
  );
  if (messages.length === 0) return messages;
  await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: messages.map(({ ReceiptHandle: handle }, index) => ({
        Id: String(index),
        ReceiptHandle: handle,
      })),
    }),
  );
  return messages;
}

function rowsOf({ Body: body = "" }: Message): readonly Readonly<Record<string, unknown>>[] {
  const { changes } = JSON.parse(body) as {
    changes: { op: string; after: Record<string, unknown> | null }[];
  };
  return changes.filter(({ op }) => op === "c").map(({ after }) => after ?? {});
}
