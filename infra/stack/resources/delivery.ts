import { Grant } from "aws-cdk-lib/aws-iam";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Secret } from "aws-cdk-lib/aws-secretsmanager";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  MESSAGE_PAYLOAD_PREFIX,
} from "../../../wire/payloads.ts";
import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";
import { grantAbsence, grantItems, grantPayloads, grantSends } from "./grants.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import type { RouterFunction } from "./router-function.ts";
import type { Tables } from "./tables.ts";

/**
 * What both functions need: route delivers frames as they arrive, retry delivers parked changes.
 */
export interface DeliveryProps {
  /** The folder with the function's bundled code. */
  readonly code: string;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  /** The key of the hashes of masked values; null when no subscriber has `columns`. */
  readonly filterSecret: Secret | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
}

/**
 * Lets a function deliver: look up authors, send to environment queues, park changes that cannot be
 * sent, and move the position of a lane.
 */
export function grantDelivery(
  lambda: RouterFunction,
  { pairs, tables, payloads, filterSecret }: Omit<DeliveryProps, "code">,
): void {
  grantItems(tables.offsets, lambda, ["GetItem", "UpdateItem"]);
  grantItems(tables.sessions, lambda, ["BatchGetItem"]);
  grantItems(tables.failures, lambda, ["BatchGetItem", "GetItem", "PutItem", "UpdateItem"]);
  for (const { queue } of pairs) grantSends(queue, lambda);
  const { executionRole } = lambda;
  grantAbsence(payloads.bucket, executionRole);
  grantPayloads(payloads.bucket, executionRole, "GetObject", FRAME_PAYLOAD_PREFIX);
  grantPayloads(payloads.bucket, executionRole, "PutObject", MESSAGE_PAYLOAD_PREFIX);
  grantPayloads(payloads.bucket, executionRole, "PutObject", FAILURE_PAYLOAD_PREFIX);
  if (filterSecret !== null) {
    Grant.addToPrincipal({
      grantee: lambda,
      actions: ["secretsmanager:GetSecretValue"],
      resourceArns: [filterSecret.secretArn],
    });
  }
}
