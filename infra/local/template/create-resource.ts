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

/** What every creation needs beside the resource itself. */
export interface Creation {
  readonly clients: AwsClients;
  readonly aws: LocalAwsAddress;
  /** The MySQL account of the reader, for the stack's own secret. */
  readonly sourceCredentials: { readonly username: string; readonly password: string };
  /** Other accounts of the local MySQL, for the stack's secrets that name them. */
  readonly accounts: readonly { readonly user: string; readonly password: string }[];
  readonly signal: AbortSignal;
}

interface ResourceToCreate {
  /** Its properties without intrinsic functions. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Where they stand in the template. */
  readonly path: string;
  /**
   * The name of a resource that the template leaves unnamed, as CloudFormation makes it: stack and
   * logical id.
   */
  readonly generatedName: string;
}

type CreateResource = (resource: ResourceToCreate, creation: Creation) => Promise<PhysicalResource>;

/** The types of resources that are created on one machine. */
export const CREATE_BY_TYPE: Readonly<Record<string, CreateResource>> = {
  "AWS::SQS::Queue": createQueue,
  "AWS::DynamoDB::Table": createTable,
  "AWS::S3::Bucket": createBucket,
  "AWS::SecretsManager::Secret": createSecret,
};

/**
 * Creates an `AWS::SQS::Queue`. Its properties are the attributes of CreateQueue under the same
 * names, so every one of them is passed on, and the service refuses what it does not know.
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
 * Creates an `AWS::S3::Bucket`. Encryption, lifecycle and access blocks mean nothing on one
 * machine.
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
 * Creates an `AWS::SecretsManager::Secret`. One that is made from a template of an account holds
 * the local MySQL's account instead of a generated password, another a random text.
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

/** Null for a secret that is not made from an account's template. */
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

/** A secret that an earlier start made: a random text stays, an account is this run's. */
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

/** Null when the service says by this error that an earlier start has made it. */
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
