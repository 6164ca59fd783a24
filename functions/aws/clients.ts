import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { ConfiguredRetryStrategy } from "@smithy/core/retry";
import { withPlainBodies } from "../../wire/plain-bodies.ts";

export interface Clients {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
}

/**
 * How long an attempt at a call may take, milliseconds: a lost answer is found out by then. What is
 * sent to a queue has its own time.
 */
const REQUEST_TIMEOUT_MS = { route: 1000, retry: 10_000 } as const;

export interface ClientSettings {
  readonly sqs: SQSClientConfig;
  readonly dynamodb: DynamoDBClientConfig;
  readonly s3: S3ClientConfig;
}

/**
 * Time-outs and attempts of a function's clients. Route repeats a send that SQS throttled after 20,
 * 40 and 80 ms: the SDK would pause for up to 1, 2 and 4 s, and the frame's lane with it. A queue
 * that throttles for longer is parked, and retry has the time.
 */
export function clientSettings(
  part: "route" | "retry",
  requestTimeoutMs: number = REQUEST_TIMEOUT_MS[part],
): ClientSettings {
  const requestHandler = {
    connectionTimeout: 1000,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { maxSockets: 200 },
    httpsAgent: { maxSockets: 200 },
  };
  return {
    sqs: {
      requestHandler,
      // The request's signature covers its body already; hashing it once more costs as much as
      // building it.
      md5: false,
      ...(part === "route" ? { retryStrategy: repeatSoon() } : { maxAttempts: 3 }),
    },
    dynamodb: { maxAttempts: 4, requestHandler },
    s3: { maxAttempts: 4, requestHandler: { ...requestHandler, requestTimeout: 10_000 } },
  };
}

/**
 * The clients of a function. Region, credentials and endpoints come from the SDK's own environment
 * variables; it also keeps connections open. `requestTimeoutMs`: how long an attempt at a call may
 * take, where that is not as usual.
 */
export function functionClients(part: "route" | "retry", requestTimeoutMs?: number): Clients {
  const { sqs, dynamodb, s3 } = clientSettings(part, requestTimeoutMs);
  return {
    sqs: withPlainBodies(new SQSClient(sqs)),
    dynamodb: new DynamoDBClient(dynamodb),
    s3: new S3Client(s3),
  };
}

/** Attempts are counted from 1. */
function repeatSoon(): ConfiguredRetryStrategy {
  return new ConfiguredRetryStrategy(4, (attempt) => 10 * 2 ** attempt);
}
