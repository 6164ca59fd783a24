import { Stack } from "aws-cdk-lib";
import type { Table } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import type { IConstruct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/** Actions on single items; there is nothing here that scans, and no action name with a wildcard. */
export type ItemAction =
  | "BatchGetItem"
  | "BatchWriteItem"
  | "DeleteItem"
  | "GetItem"
  | "PutItem"
  | "Query"
  | "UpdateItem";

/** Lets a principal do the named things with the items of a table (`Table.grant` would add every index). */
export function grantItems(
  table: Table,
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
export function grantIndexQuery(table: Table, grantee: IGrantable, index: string): Grant {
  return Grant.addToPrincipal({
    grantee,
    actions: ["dynamodb:Query"],
    resourceArns: [`${table.tableArn}/index/${index}`],
  });
}

/** Lets a principal do the named things with the objects under some prefixes (`Bucket.grantRead` would let it list all). */
export function grantPayloads(
  bucket: Bucket,
  grantee: IGrantable & IConstruct,
  actions: readonly ("GetObject" | "PutObject")[],
  prefixes: readonly string[],
): Grant {
  for (const prefix of prefixes) {
    acknowledge(
      grantee,
      `IAM5[Resource::<${Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket)}.Arn>/${prefix}*]`,
      "An object's key is known only when its payload is written; the prefix names what the principal may touch.",
    );
  }
  return Grant.addToPrincipal({
    grantee,
    actions: actions.map((action) => `s3:${action}`),
    resourceArns: prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  });
}
