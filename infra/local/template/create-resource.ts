import type { AwsClients, LocalAwsAddress } from "@binlog-router/local-aws/clients";
import { createBucket } from "./create-bucket.ts";
import { createQueue } from "./create-queue.ts";
import { createSecret } from "./create-secret.ts";
import { createTable } from "./create-table.ts";
import type { PhysicalResource } from "./intrinsics.ts";

/** What every creation needs beside the resource itself. */
export interface Creation {
  readonly clients: AwsClients;
  readonly aws: LocalAwsAddress;
  /** The MySQL account of the reader, for the stack's own secret. */
  readonly sourceCredentials: { readonly username: string; readonly password: string };
  readonly signal: AbortSignal;
}

export interface ResourceToCreate {
  /** Its properties without intrinsic functions. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Where they stand in the template. */
  readonly path: string;
  /** The name of a resource that the template leaves unnamed, as CloudFormation makes it: stack and logical id. */
  readonly generatedName: string;
}

export type CreateResource = (
  resource: ResourceToCreate,
  creation: Creation,
) => Promise<PhysicalResource>;

/** The types of resources that are created on one machine. */
export const CREATE_BY_TYPE: Readonly<Record<string, CreateResource>> = {
  "AWS::SQS::Queue": createQueue,
  "AWS::DynamoDB::Table": createTable,
  "AWS::S3::Bucket": createBucket,
  "AWS::SecretsManager::Secret": createSecret,
};
