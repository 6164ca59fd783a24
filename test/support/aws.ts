import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import {
  startLocalAws,
  type LocalAws,
  type LocalAwsOptions,
} from "../../infra/local-aws/start-local-aws.ts";

/** Local AWS services and a client of each. Disposing ends the clients and the services. */
export interface AwsForTests extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
  readonly s3: S3Client;
}

/** Starts local AWS services on free ports; the test's own environment variables play no part. */
export async function startAwsForTests(options: LocalAwsOptions = {}): Promise<AwsForTests> {
  const aws = await startLocalAws(options);
  const { region, credentials, endpoints } = aws;
  const common = { region, credentials };
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamodb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const secretsManager = new SecretsManagerClient({
    ...common,
    endpoint: endpoints.secretsManager,
  });
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3 });
  return {
    aws,
    sqs,
    dynamodb,
    secretsManager,
    s3,
    async [Symbol.asyncDispose]() {
      for (const client of [sqs, dynamodb, secretsManager, s3]) client.destroy();
      await aws[Symbol.asyncDispose]();
    },
  };
}
