import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { LocalAws } from "../../local-aws/start-local-aws.ts";

/** Where the services are, and who asks. */
export type LocalAwsAddress = Pick<LocalAws, "region" | "accountId" | "credentials" | "endpoints">;

export interface AwsClients extends Disposable {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly secretsManager: SecretsManagerClient;
}

/** The SDK's ordinary clients, pointed at the stand-ins. */
export function awsClients({ region, credentials, endpoints }: LocalAwsAddress): AwsClients {
  // A copy: the SDK marks the object with where it came from.
  const common = { region, credentials: { ...credentials } };
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamodb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  const secretsManager = new SecretsManagerClient({
    ...common,
    endpoint: endpoints.secretsManager,
  });
  return {
    sqs,
    dynamodb,
    s3,
    secretsManager,
    [Symbol.dispose]: () => {
      for (const client of [sqs, dynamodb, s3, secretsManager]) client.destroy();
    },
  };
}
