import { CreateTableCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import type { Creation, ResourceToCreate } from "./create-resource.ts";
import { UnsupportedTemplateError } from "./errors.ts";
import type { PhysicalResource } from "./intrinsics.ts";

/** Properties of `AWS::DynamoDB::Table` that CreateTable takes under the same names. */
const CREATED = new Set([
  "AttributeDefinitions",
  "BillingMode",
  "GlobalSecondaryIndexes",
  "KeySchema",
  "LocalSecondaryIndexes",
  "ProvisionedThroughput",
]);

/** Safeguards of the cloud's copy, without effect on what a table does. */
const CLOUD_ONLY = new Set([
  "DeletionProtectionEnabled",
  "PointInTimeRecoverySpecification",
  "SSESpecification",
  "Tags",
]);

/** Creates an `AWS::DynamoDB::Table` with its keys, indexes and time to live. */
export async function createTable(
  { properties, path, generatedName }: ResourceToCreate,
  { clients, aws, signal }: Creation,
): Promise<PhysicalResource> {
  const { TableName, TimeToLiveSpecification, ...others } = properties;
  const name = typeof TableName === "string" ? TableName : generatedName;
  for (const property of Object.keys(others)) {
    if (CREATED.has(property) || CLOUD_ONLY.has(property)) continue;
    throw new UnsupportedTemplateError(path, `the property ${property} of a table`);
  }
  const input = Object.fromEntries(Object.entries(others).filter(([key]) => CREATED.has(key)));
  await clients.dynamodb.send(new CreateTableCommand({ ...input, TableName: name }), {
    abortSignal: signal,
  });
  if (TimeToLiveSpecification !== undefined) {
    await clients.dynamodb.send(
      new UpdateTimeToLiveCommand({
        TableName: name,
        TimeToLiveSpecification: TimeToLiveSpecification as {
          AttributeName: string;
          Enabled: boolean;
        },
      }),
      { abortSignal: signal },
    );
  }
  return {
    ref: name,
    attributes: { Arn: `arn:aws:dynamodb:${aws.region}:${aws.accountId}:table/${name}` },
  };
}
