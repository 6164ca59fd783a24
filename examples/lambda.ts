import { processPartialResponse, SqsFifoPartialProcessorAsync } from "@aws-lambda-powertools/batch";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { SQSHandler, SQSRecord } from "aws-lambda";
import { createHash } from "node:crypto";

/**
 * A Lambda function on an environment queue. Its event source mapping needs
 * `ReportBatchItemFailures`, a batch size of at most 10 (a FIFO queue's limit) and no batching
 * window. Lambda runs one invocation at a time for each message group. The subscriber in the
 * router's configuration has neither `"encoding": "zstd"` nor `"format": "compact"`: a message of
 * another version than 1 fails until it is in the dead-letter queue.
 *
 * Each handled message gets a record in DynamoDB (partition key `id`, a string; time-to-live
 * attribute `expires`). By the record, the function recognises a message that it receives again
 * because it was stopped between its work and its answer.
 */
interface EnvironmentMessage {
  version: number;
  subscriber: string;
  environment: string;
  changes: { id: string; op: string; after: Record<string, unknown> | null }[];
}

/**
 * How long records are kept: longer than the retention of the queue and of its dead-letter queue
 * together.
 */
const KEEP_SECONDS = 30 * 86_400;

const dynamodb = new DynamoDBClient();
const s3 = new S3Client();
const table = process.env["POSITIONS_TABLE"] ?? "";
// When a message fails, the later messages of its group return to the queue untried.
const processor = new SqsFifoPartialProcessorAsync();

export const handler: SQSHandler = (event, context) =>
  processPartialResponse(event, handleRecord, processor, {
    context,
    skipGroupOnError: true,
    throwOnFullBatchFailure: false,
  });

async function handleRecord(record: SQSRecord): Promise<void> {
  const message = JSON.parse(await messageText(record.body)) as EnvironmentMessage;
  if (message.version !== 1) throw new Error(`message version ${message.version} is not supported`);
  // A message keeps its body when it is sent again or returns from the dead-letter queue.
  const hash = createHash("sha256").update(record.body).digest("base64url");
  const id = { S: `${message.subscriber}/${message.environment}/${hash}` };
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: table, Key: { id }, ConsistentRead: true }),
  );
  if (Item !== undefined) return;
  for (const change of message.changes) {
    // The work. Make it safe to repeat: after a failure half way, the whole message is received
    // again.
    console.log(change.id, change.op, Object.keys(change.after ?? {}));
  }
  const expires = { N: String(Math.floor(Date.now() / 1000) + KEEP_SECONDS) };
  await dynamodb.send(new PutItemCommand({ TableName: table, Item: { id, expires } }));
}

/**
 * The message's text. A body that is a JSON array points to a text in S3 that is too large for SQS.
 */
async function messageText(body: string): Promise<string> {
  if (!body.startsWith("[")) return body;
  const [, pointer] = JSON.parse(body) as [string, { s3BucketName: string; s3Key: string }];
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: pointer.s3BucketName, Key: pointer.s3Key }),
  );
  return (await Body?.transformToString("utf-8")) ?? "";
}
