import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Clients } from "../runtime.ts";

/**
 * The clients of a function. Region, credentials and endpoints come from the SDK's own environment variables. What is set
 * here bounds how long one queue's silence can hold up a frame: three attempts of at most two seconds, once, for then the
 * queue's stream is parked and no longer asked. Connections are kept open by the SDK.
 */
export function functionClients(): Clients {
  const requestHandler = {
    connectionTimeout: 1000,
    requestTimeout: 2000,
    throwOnRequestTimeout: true,
    httpAgent: { maxSockets: 200 },
    httpsAgent: { maxSockets: 200 },
  };
  return {
    sqs: new SQSClient({ maxAttempts: 3, requestHandler }),
    dynamodb: new DynamoDBClient({ maxAttempts: 4, requestHandler }),
    s3: new S3Client({
      maxAttempts: 4,
      requestHandler: { ...requestHandler, requestTimeout: 10_000 },
    }),
  };
}
