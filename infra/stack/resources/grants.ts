import { Stack } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { IConstruct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/** Actions on items, and DescribeTable, which tells when a table was created. No wildcards. */
export type ItemAction =
  | "BatchGetItem"
  | "BatchWriteItem"
  | "DeleteItem"
  | "DescribeTable"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "Scan"
  | "UpdateItem";

/** Allows a principal actions on a table's items. `Table.grant` would include all indexes. */
export function grantItems(
  table: ITable,
  grantee: IGrantable,
  actions: readonly ItemAction[],
): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: actions.map((action) => `dynamodb:${action}`),
    resourceArns: [table.tableArn],
  });
}

/**
 * Lets a principal send to a queue. `Queue.grantSendMessages` would also let it ask for the queue's
 * URL and attributes.
 */
export function grantSends(queue: IQueue, grantee: IGrantable): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ["sqs:SendMessage"],
    resourceArns: [queue.queueArn],
  });
}

/** Lets a principal query one index of a table. */
export function grantIndexQuery(table: ITable, grantee: IGrantable, index: string): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ["dynamodb:Query"],
    resourceArns: [`${table.tableArn}/index/${index}`],
  });
}

/**
 * Lets a principal read or write the objects under a prefix. `Bucket.grantRead` would also let it
 * list the bucket.
 */
export function grantPayloads(
  bucket: Bucket,
  grantee: IGrantable & IConstruct,
  action: "GetObject" | "PutObject",
  prefix: string,
): Grant {
  acknowledgePrefix(grantee, bucket, prefix);
  return Grant.addToPrincipal({
    grantee,
    actions: [`s3:${action}`],
    resourceArns: [bucket.arnForObjects(`${prefix}*`)],
  });
}

/**
 * Lets a principal learn that an object does not exist. Without `s3:ListBucket` S3 answers
 * AccessDenied for a missing key, which looks the same as lost access. There is no condition on
 * `s3:prefix`: GetObject has no such parameter, and it is not documented that S3 would use the key
 * for it.
 */
export function grantAbsence(bucket: Bucket, grantee: IGrantable): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ["s3:ListBucket"],
    resourceArns: [bucket.bucketArn],
  });
}

/** Accepts a policy for a prefix: an object's key is known only once it is written. */
export function acknowledgePrefix(construct: IConstruct, bucket: Bucket, prefix: string): void {
  const id = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
  acknowledge(
    construct,
    `IAM5[Resource::<${id}.Arn>/${prefix}*]`,
    "The key of a payload is known only once it is written; its prefix decides who may use it.",
  );
}
