import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws, type LocalAwsOptions } from "./start-local-aws.ts";

/**
 * Where the stand-ins are, and who asks them; it can be kept as JSON and used by another process.
 */
export type LocalAwsAddress = Pick<LocalAws, "region" | "accountId" | "credentials" | "endpoints">;

/** The SDK's ordinary clients. Disposing ends their connections. */
export interface AwsClients extends Disposable {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly s3: S3Client;
}

/** A client of each stand-in. This process's own environment variables play no part. */
export function awsClients({ region, credentials, endpoints }: LocalAwsAddress): AwsClients {
  // A copy: the SDK marks the object with where it came from.
  const common = { region, credentials: { ...credentials } };
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamodb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const secretsManager = new SecretsManagerClient({
    ...common,
    endpoint: endpoints.secretsManager,
  });
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3 });
  return {
    sqs,
    dynamodb,
    secretsManager,
    s3,
    [Symbol.dispose]: () => {
      for (const client of [sqs, dynamodb, secretsManager, s3]) client.destroy();
    },
  };
}

/** The stand-ins and a client of each. Disposing ends the clients and the stand-ins. */
export interface LocalAwsWithClients extends Omit<AwsClients, keyof Disposable>, AsyncDisposable {
  readonly aws: LocalAws;
}

/** Starts the stand-ins with a client of each, for tests. Throws PortInUseError. */
export async function startLocalAwsWithClients(
  options: LocalAwsOptions = {},
): Promise<LocalAwsWithClients> {
  const aws = await startLocalAws(options);
  const clients = awsClients(aws);
  return {
    ...clients,
    aws,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}
