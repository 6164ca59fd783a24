import { AnyPrincipal, Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  messagePayloadPrefix,
  XA_PAYLOAD_PREFIX,
} from "../../../wire/payloads.ts";
import type { Consumers } from "./consumers.ts";
import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import type { RawQueue } from "./raw-queue.ts";
import type { Tables } from "./tables.ts";

/** The resources that contain rows. */
export interface RowResources {
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly raw: RawQueue;
  readonly payloads: PayloadBucket;
  readonly tables: Tables;
}

const QUEUE_READS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"];
const QUEUE_WRITES = ["sqs:SendMessage", "sqs:PurgeQueue", "sqs:StartMessageMoveTask"];
/** Includes replication, restoring and tagging. */
const OBJECT_ACCESS = ["s3:*Object*"];
/**
 * Access to items, and the actions that copy a table's items elsewhere. Without UpdateTable, which
 * CloudFormation needs and which can enable DynamoDB Streams.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html lists the
 * actions that a table's policy may name.
 */
const ITEM_ACCESS = [
  "BatchGetItem",
  "BatchWriteItem",
  "ConditionCheckItem",
  "CreateBackup",
  "DeleteItem",
  "EnableKinesisStreamingDestination",
  "ExportTableToPointInTime",
  "GetItem",
  "PartiQLDelete",
  "PartiQLInsert",
  "PartiQLSelect",
  "PartiQLUpdate",
  "PutItem",
  "Query",
  "RestoreTableToPointInTime",
  "Scan",
  "UpdateItem",
].map((action) => `dynamodb:${action}`);

/**
 * Denies access to an environment's rows for everybody who is not listed, whatever their own
 * policies allow: a Deny overrides every Allow. Queues and payloads of an environment are closed
 * when it lists `consumers`. Resources with the rows of all environments (raw queue, payloads of
 * frames, of failure records and of prepared XA transactions, failures table, and the offsets table
 * with the keys at which snapshots are) are closed when any environment lists consumers, or when
 * `operators` are listed. Changing the policies is not denied, because that would lock out whoever
 * deploys.
 *
 * `parts`: ARNs of the roles of reader and functions. `operators`: ARNs of principals.
 */
export function closeToOthers(
  { pairs, raw, payloads, tables }: RowResources,
  consumersOf: ReadonlyMap<string, Consumers>,
  operators: readonly string[],
  parts: readonly string[],
): void {
  const insiders = [...parts, ...operators];
  for (const { names, queue, deadLetterQueue } of pairs) {
    const consumers = consumersOf.get(names.environment);
    if (consumers?.isClosed !== true) continue;
    for (const one of [queue, deadLetterQueue]) {
      one.addToResourcePolicy(denyOthers(QUEUE_WRITES, one.queueArn, consumers.and(insiders)));
    }
  }
  const closed = [...consumersOf.values()].filter(({ isClosed }) => isClosed);
  for (const consumers of closed) {
    const prefix = messagePayloadPrefix(consumers.environment);
    const objects = payloads.bucket.arnForObjects(`${prefix}*`);
    payloads.bucket.addToResourcePolicy(
      denyOthers(OBJECT_ACCESS, objects, consumers.and(insiders)),
    );
  }
  if (closed.length === 0 && operators.length === 0) return;
  for (const one of [raw.queue, raw.deadLetterQueue]) {
    one.addToResourcePolicy(denyOthers([...QUEUE_READS, ...QUEUE_WRITES], one.queueArn, insiders));
  }
  for (const prefix of [FRAME_PAYLOAD_PREFIX, FAILURE_PAYLOAD_PREFIX, XA_PAYLOAD_PREFIX]) {
    const objects = payloads.bucket.arnForObjects(`${prefix}*`);
    payloads.bucket.addToResourcePolicy(denyOthers(OBJECT_ACCESS, objects, insiders));
  }
  // The table's own ARN would make the table depend on itself. The policy applies to it only.
  for (const table of tables.ownWithRows)
    table.addToResourcePolicy(denyOthers(ITEM_ACCESS, "*", insiders));
}

function denyOthers(
  actions: readonly string[],
  resource: string,
  principalArns: string[],
): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: [...actions],
    resources: [resource],
    conditions: { ArnNotEquals: { "aws:PrincipalArn": principalArns } },
  });
}
