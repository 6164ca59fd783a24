import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Clients } from "../runtime.ts";

/**
 * The clients of a function. Region, credentials and endpoints come from the SDK's own environment variables; it also keeps
 * connections open. `requestTimeoutMs`: how long an attempt at a call may take; a lost answer is found out by then.
 */
export function functionClients(requestTimeoutMs: number): Clients {
  const requestHandler = {
    connectionTimeout: 1000,
    requestTimeout: requestTimeoutMs,
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
