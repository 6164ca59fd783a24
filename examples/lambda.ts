import { processPartialResponse, SqsFifoPartialProcessorAsync } from "@aws-lambda-powertools/batch";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { SQSHandler, SQSRecord } from "aws-lambda";

/**
 * A Lambda function on an environment queue. Its event source mapping has `ReportBatchItemFailures`, a batch size of at
 * most 10 (a FIFO queue's limit) and no batching window; Lambda runs one invocation at a time for each message group.
 *
 * Positions are kept in DynamoDB (partition key `id`, text): a message that comes again, because the function was stopped
 * after its work and before its answer, is recognised.
 */
interface EnvironmentMessage {
  version: number;
  subscriber: string;
  environment: string;
  group: string;
  last: string;
  changes: { id: string; op: string; after: Record<string, unknown> | null }[];
}

const dynamodb = new DynamoDBClient();
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
  const message = JSON.parse(record.body) as EnvironmentMessage;
  if (message.version !== 1) throw new Error(`message version ${message.version}`);
  const id = { S: `${message.subscriber}/${message.environment}/${message.group}` };
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: table, Key: { id }, ConsistentRead: true }),
  );
  if (message.last <= (Item?.["position"]?.S ?? "")) return;
  for (const change of message.changes) {
    // The work. Make it safe to repeat: when it fails half way, the message comes again as a whole.
    console.log(change.id, change.op, Object.keys(change.after ?? {}));
  }
  await dynamodb.send(
    new PutItemCommand({ TableName: table, Item: { id, position: { S: message.last } } }),
  );
}
