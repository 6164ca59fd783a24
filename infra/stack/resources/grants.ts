import { Stack } from "aws-cdk-lib";
import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import type { IConstruct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/**
 * Actions on single items, and the question when a table was made; no action name has
 * a wildcard.
 */
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

/**
 * Lets a principal do the named things with the items of a table (`Table.grant` would add every
 * index).
 */
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

/** Lets a principal query one index of a table. */
export function grantIndexQuery(table: ITable, grantee: IGrantable, index: string): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ["dynamodb:Query"],
    resourceArns: [`${table.tableArn}/index/${index}`],
  });
}

/**
 * Lets a principal read or write the objects under a prefix (`Bucket.grantRead` would let it list
 * the bucket, too).
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
 * Lets a principal learn that an object does not exist: without `s3:ListBucket` S3 answers
 * AccessDenied for a missing key, which cannot be told from lost access. No condition on
 * `s3:prefix`: GetObject has no such parameter, and nothing documents that S3 would take the key
 * for it.
 */
export function grantAbsence(bucket: Bucket, grantee: IGrantable): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ["s3:ListBucket"],
    resourceArns: [bucket.bucketArn],
  });
}

/** An object's key is known only once it is written, so a policy can name its prefix at most. */
export function acknowledgePrefix(construct: IConstruct, bucket: Bucket, prefix: string): void {
  const id = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
  acknowledge(
    construct,
    `IAM5[Resource::<${id}.Arn>/${prefix}*]`,
    "The key of a payload is known only once it is written; its prefix says who may touch it.",
  );
}
