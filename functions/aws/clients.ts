import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { ConfiguredRetryStrategy } from "@smithy/core/retry";
import { withPlainBodies } from "../../wire/plain-bodies.ts";
import { RequestHash } from "../../wire/request-hash.ts";

export interface Clients {
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
}

/**
 * The timeout of one attempt at a call, milliseconds. It limits the wait for a lost response. Sends
 * to queues have a separate timeout (see `Patience`).
 */
const REQUEST_TIMEOUT_MS = { route: 1000, retry: 10_000 } as const;

export interface ClientSettings {
  readonly sqs: SQSClientConfig;
  readonly dynamodb: DynamoDBClientConfig;
  readonly s3: S3ClientConfig;
}

/**
 * The timeouts and attempts of a function's clients. The route function repeats a send that SQS
 * throttled after 20, 40 and 80 ms, because the SDK's pauses of up to 1, 2 and 4 s would delay the
 * whole lane. Messages for a queue that throttles longer are parked, and the retry function, which
 * has more time, sends them.
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
      sha256: RequestHash,
      // The signature covers the body already. An MD5 hash would cost as much time as building the
      // request.
      md5: false,
      ...(part === "route" ? { retryStrategy: repeatSoon() } : { maxAttempts: 3 }),
    },
    // No code adds middleware to this client, so the SDK need not compose it for each request. That
    // takes a sixth of a request's processor time.
    dynamodb: { maxAttempts: 4, requestHandler, sha256: RequestHash, cacheMiddleware: true },
    s3: { maxAttempts: 4, requestHandler: { ...requestHandler, requestTimeout: 10_000 } },
  };
}

/**
 * Creates the clients of a function. Region, credentials and endpoints come from the SDK's
 * environment variables. The SDK keeps connections open. `requestTimeoutMs` overrides the default
 * timeout of an attempt.
 */
export function functionClients(part: "route" | "retry", requestTimeoutMs?: number): Clients {
  const { sqs, dynamodb, s3 } = clientSettings(part, requestTimeoutMs);
  return {
    sqs: withPlainBodies(new SQSClient(sqs)),
    dynamodb: new DynamoDBClient(dynamodb),
    s3: new S3Client(s3),
  };
}

/** The SDK counts attempts from 1. */
function repeatSoon(): ConfiguredRetryStrategy {
  return new ConfiguredRetryStrategy(4, (attempt) => 10 * 2 ** attempt);
}
