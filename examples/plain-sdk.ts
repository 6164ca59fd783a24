import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";

/** The fields that this consumer needs; docs/message-format.md lists all. */
interface EnvironmentMessage {
  version: number;
  changes: Change[];
}
interface Change {
  id: string;
  op: "c" | "u" | "d" | "t" | "ddl" | "r" | "snapshot";
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  source: { db: string; table: string; pos: number; ts_ms: number };
}

/** How many handled changes are remembered. A repeat of a forgotten change is handled again. */
const MOST_REMEMBERED = 100_000;

/**
 * Receives until the signal aborts. Calls `handle` once for each change, in order within each
 * message group.
 */
export async function consume(
  sqs: SQSClient,
  queueUrl: string,
  handle: (change: Change) => Promise<void> | void,
  signal: AbortSignal,
  s3: S3Client = new S3Client(),
): Promise<void> {
  // The handled changes. Keep them in a database to recognise repeats after a restart.
  const handled = new Set<string>();
  while (!signal.aborted) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        VisibilityTimeout: 60, // must exceed the time for ten messages, unless extended meanwhile
        MessageSystemAttributeNames: ["MessageGroupId"],
      }),
      { abortSignal: signal },
    );
    const groups = Map.groupBy(Messages, (message) => message.Attributes?.MessageGroupId ?? "");
    await Promise.all([...groups.values()].map(handleGroup));
  }

  async function handleGroup(messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      try {
        await handleMessage(message);
      } catch (error) {
        // The rest of the group also waits for the visibility timeout, so that no message overtakes
        // the failed one.
        console.error(`group ${message.Attributes?.MessageGroupId}: ${String(error)}`);
        return;
      }
      await sqs.send(
        new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }),
      );
    }
  }

  async function handleMessage({ Body = "" }: Message): Promise<void> {
    // JSON.parse rounds integers beyond 2^53. For BIGINT columns, use a parser that keeps their
    // digits.
    const message = JSON.parse(await messageText(s3, Body)) as EnvironmentMessage;
    if (message.version !== 1)
      throw new Error(`message version ${message.version} is not supported`);
    for (const change of message.changes) {
      // Includes the commit time, because MySQL can assign a GTID again after RESET BINARY LOGS AND
      // GTIDS.
      const key = `${change.id} ${change.source.ts_ms}`;
      if (handled.has(key)) continue;
      await handle(change);
      handled.add(key);
      const [oldest = ""] = handled;
      if (handled.size > MOST_REMEMBERED) handled.delete(oldest);
    }
  }
}

/**
 * The message's text. A body that is a JSON array points to a text in S3 that is too large for SQS.
 */
async function messageText(s3: S3Client, body: string): Promise<string> {
  if (!body.startsWith("[")) return body;
  const [, pointer] = JSON.parse(body) as [string, { s3BucketName: string; s3Key: string }];
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: pointer.s3BucketName, Key: pointer.s3Key }),
  );
  return (await Body?.transformToString("utf-8")) ?? "";
}

if (import.meta.main) {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const queueUrl = process.env["QUEUE_URL"] ?? "";
  const print = ({ op, source, after }: Change): void =>
    console.log(op, `${source.db}.${source.table}`, after);
  await consume(new SQSClient(), queueUrl, print, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
}
