import { randomBytes } from "node:crypto";
import { CreateTableCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
} from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import type { AwsClients, LocalAwsAddress } from "@binlog-router/local-aws/clients";
import { IncompleteTemplateError, UnsupportedTemplateError } from "./errors.ts";
import type { PhysicalResource } from "./intrinsics.ts";

/** What the creation of every resource needs, besides the resource. */
export interface Creation {
  readonly clients: AwsClients;
  readonly aws: LocalAwsAddress;
  /** The reader's MySQL account, for the secret that the stack creates. */
  readonly sourceCredentials: { readonly username: string; readonly password: string };
  /** Other accounts of the local MySQL, for secrets of the stack that name them. */
  readonly accounts: readonly { readonly user: string; readonly password: string }[];
  readonly signal: AbortSignal;
}

interface ResourceToCreate {
  /** The resource's properties with intrinsic functions evaluated. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The path of the properties in the template. */
  readonly path: string;
  /**
   * The name of a resource that the template leaves unnamed: stack and logical id, as in the cloud.
   */
  readonly generatedName: string;
}

type CreateResource = (resource: ResourceToCreate, creation: Creation) => Promise<PhysicalResource>;

/** How resources are created on one machine, by their type. */
export const CREATE_BY_TYPE: Readonly<Record<string, CreateResource>> = {
  "AWS::SQS::Queue": createQueue,
  "AWS::DynamoDB::Table": createTable,
  "AWS::S3::Bucket": createBucket,
  "AWS::SecretsManager::Secret": createSecret,
};

/**
 * Creates an `AWS::SQS::Queue`. Its properties have the same names as CreateQueue's attributes. All
 * are passed on, and the service refuses those that it does not know.
 */
async function createQueue(
  { properties, generatedName }: ResourceToCreate,
  { clients, aws, signal }: Creation,
): Promise<PhysicalResource> {
  const { QueueName, Tags = [], ...attributes } = properties;
  const name = typeof QueueName === "string" ? QueueName : generatedName;
  const { QueueUrl } = await clients.sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      tags: Object.fromEntries(
        (Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
      ),
      Attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [
          key,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
    }),
    { abortSignal: signal },
  );
  if (QueueUrl === undefined) throw new TypeError(`the service returned no URL for ${name}`);
  return {
    ref: QueueUrl,
    attributes: {
      Arn: `arn:aws:sqs:${aws.region}:${aws.accountId}:${name}`,
      QueueName: name,
      QueueUrl,
    },
  };
}

/** Properties of `AWS::DynamoDB::Table` that CreateTable accepts under the same names. */
const CREATED = new Set([
  "AttributeDefinitions",
  "BillingMode",
  "GlobalSecondaryIndexes",
  "KeySchema",
  "LocalSecondaryIndexes",
  "ProvisionedThroughput",
]);

/** Safeguards of a table in the cloud, which do not affect what the table does. */
const CLOUD_ONLY = new Set([
  "DeletionProtectionEnabled",
  "PointInTimeRecoverySpecification",
  "ResourcePolicy",
  "SSESpecification",
  "Tags",
]);

/** Creates an `AWS::DynamoDB::Table` with its keys, indexes and time to live. */
async function createTable(
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
  await unlessThere("ResourceInUseException", () =>
    clients.dynamodb.send(new CreateTableCommand({ ...input, TableName: name }), {
      abortSignal: signal,
    }),
  );
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

/**
 * Creates an `AWS::S3::Bucket`. Encryption, lifecycle and access blocks have no meaning on one
 * machine and are left out.
 */
async function createBucket(
  { properties, generatedName }: ResourceToCreate,
  { clients, signal }: Creation,
): Promise<PhysicalResource> {
  const { BucketName } = properties;
  const name = typeof BucketName === "string" ? BucketName : generatedName.toLowerCase();
  await unlessThere("BucketAlreadyOwnedByYou", () =>
    clients.s3.send(new CreateBucketCommand({ Bucket: name }), { abortSignal: signal }),
  );
  return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
}

/**
 * Creates an `AWS::SecretsManager::Secret`. A secret with an account in its template gets the local
 * MySQL's account; any other gets a random text.
 */
async function createSecret(
  { properties, generatedName }: ResourceToCreate,
  creation: Creation,
): Promise<PhysicalResource> {
  const { clients, signal } = creation;
  const name = typeof properties["Name"] === "string" ? properties["Name"] : generatedName;
  const account = accountText(properties, creation);
  const { secretsManager } = clients;
  const created = await unlessThere("ResourceExistsException", () =>
    secretsManager.send(
      new CreateSecretCommand({ Name: name, SecretString: account ?? randomText() }),
      { abortSignal: signal },
    ),
  );
  const { ARN } = created ?? (await keptSecret(name, account, secretsManager, signal));
  if (ARN === undefined) throw new IncompleteTemplateError(`the secret ${name} got no ARN`);
  return { ref: ARN, attributes: { Id: ARN } };
}

/** The text of an account's secret; null for a secret without an account in its template. */
function accountText(
  { GenerateSecretString: generated }: ResourceToCreate["properties"],
  { sourceCredentials, accounts }: Creation,
): string | null {
  const { SecretStringTemplate: template } = (generated ?? {}) as {
    readonly SecretStringTemplate?: string;
  };
  if (template === undefined) return null;
  const { username } = JSON.parse(template) as { readonly username?: string };
  const account = accounts.find(({ user }) => user === username);
  return JSON.stringify(
    account === undefined ? sourceCredentials : { username, password: account.password },
  );
}

/** A secret of an earlier start: a random text stays; an account's is replaced by this run's. */
function keptSecret(
  SecretId: string,
  account: string | null,
  secretsManager: AwsClients["secretsManager"],
  abortSignal: AbortSignal,
): Promise<{ readonly ARN?: string | undefined }> {
  return account === null
    ? secretsManager.send(new DescribeSecretCommand({ SecretId }), { abortSignal })
    : secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString: account }), {
        abortSignal,
      });
}

/** The result of `create`; null when this error reports that an earlier start has created it. */
async function unlessThere<T>(error: string, create: () => Promise<T>): Promise<T | null> {
  try {
    return await create();
  } catch (cause) {
    if (cause instanceof Error && cause.name === error) return null;
    throw cause;
  }
}

function randomText(): string {
  return randomBytes(32).toString("hex");
}
