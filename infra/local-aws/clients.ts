import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws, type LocalAwsOptions } from "./start-local-aws.ts";

/** The stand-ins' addresses and credentials. It can be passed to another process as JSON. */
export type LocalAwsAddress = Pick<LocalAws, "region" | "accountId" | "credentials" | "endpoints">;

/** Clients of the AWS SDK. Disposing closes their connections. */
export interface AwsClients extends Disposable {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly s3: S3Client;
}

/** Makes a client of each stand-in, independent of this process's environment variables. */
export function awsClients({ region, credentials, endpoints }: LocalAwsAddress): AwsClients {
  // A copy, because the SDK adds a mark to the object.
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

/** The stand-ins and a client of each. Disposing closes the clients and stops the stand-ins. */
export interface LocalAwsWithClients extends Omit<AwsClients, keyof Disposable>, AsyncDisposable {
  readonly aws: LocalAws;
}

/** Starts the stand-ins and makes a client of each, for tests. Throws PortInUseError. */
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
