import { processPartialResponse, SqsFifoPartialProcessorAsync } from "@aws-lambda-powertools/batch";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { SQSHandler, SQSRecord } from "aws-lambda";
import { createHash } from "node:crypto";

/**
 * A Lambda function on an environment queue. Its event source mapping has
 * `ReportBatchItemFailures`, a batch size of at most 10 (a FIFO queue's limit) and no batching
 * window; Lambda runs one invocation at a time for each message group.
 *
 * Each handled message has a record in DynamoDB (partition key `id`, text; time-to-live attribute
 * `expires`): a message that comes again, because the function was stopped after its work and
 * before its answer, is recognised.
 */
interface EnvironmentMessage {
  version: number;
  subscriber: string;
  environment: string;
  changes: { id: string; op: string; after: Record<string, unknown> | null }[];
}

/** Longer than the retention of the queue and of its dead-letter queue together. */
const KEEP_SECONDS = 30 * 86_400;

const dynamodb = new DynamoDBClient();
const s3 = new S3Client();
const table = process.env["POSITIONS_TABLE"] ?? "";
// A group's later messages are given back untried when one fails.
const processor = new SqsFifoPartialProcessorAsync();

export const handler: SQSHandler = (event, context) =>
  processPartialResponse(event, handleRecord, processor, {
    context,
    skipGroupOnError: true,
    throwOnFullBatchFailure: false,
  });

async function handleRecord(record: SQSRecord): Promise<void> {
  const message = JSON.parse(await messageText(record.body)) as EnvironmentMessage;
  if (message.version !== 1) throw new Error(`message version ${message.version}`);
  // The body is what a message keeps when it is sent again or comes back from the dead-letter
  // queue.
  const hash = createHash("sha256").update(record.body).digest("base64url");
  const id = { S: `${message.subscriber}/${message.environment}/${hash}` };
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: table, Key: { id }, ConsistentRead: true }),
  );
  if (Item !== undefined) return;
  for (const change of message.changes) {
    // The work. Make it safe to repeat: when it fails half way, the message comes again as a whole.
    console.log(change.id, change.op, Object.keys(change.after ?? {}));
  }
  const expires = { N: String(Math.floor(Date.now() / 1000) + KEEP_SECONDS) };
  await dynamodb.send(new PutItemCommand({ TableName: table, Item: { id, expires } }));
}

/** The message itself: a body that is a list points to one in S3 that was too large for SQS. */
async function messageText(body: string): Promise<string> {
  if (!body.startsWith("[")) return body;
  const [, pointer] = JSON.parse(body) as [string, { s3BucketName: string; s3Key: string }];
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: pointer.s3BucketName, Key: pointer.s3Key }),
  );
  return (await Body?.transformToString("utf-8")) ?? "";
}
