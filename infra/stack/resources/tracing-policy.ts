import { Stack } from "aws-cdk-lib";
import { Effect, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { SOURCE_TAG } from "../../../wire/names.ts";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  MESSAGE_PAYLOAD_PREFIX,
} from "../../../wire/payloads.ts";
import type { AccountSecret } from "./account-secret.ts";
import type { EncryptionKey } from "./encryption.ts";
import { acknowledgePrefix } from "./grants.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import { acknowledgeQueues, allow, items, queuesOf } from "./policy-statements.ts";
import type { RawQueue } from "./raw-queue.ts";
import type { Tables } from "./tables.ts";

export interface TracingPolicyProps {
  readonly source: string;
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  readonly secret: AccountSecret;
  /** Null when no subscriber has `columns`. */
  readonly filterSecret: Secret | null;
  /** Null: AWS's own keys are used. */
  readonly key: EncryptionKey | null;
}

/**
 * The permissions of `explain`, `tail` and `replay` on a deployed stack. These commands log in to
 * MySQL with the reader's account and so see the changes of every environment. The policy is
 * separate from that of the other commands, so that not everybody who operates the stack needs it.
 */
export class TracingPolicy extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: TracingPolicyProps) {
    super(scope, id);
    const { source, tables, payloads, raw, secret, filterSecret, key } = props;
    const { bucket } = payloads;
    const stack = Stack.of(this);
    this.policy = new ManagedPolicy(this, "Policy", {
      description: `Traces and replays changes of the source ${source}`,
      statements: [
        allow(["cloudformation:DescribeStacks"], stack.stackId),
        ...secret.readStatements(),
        ...(filterSecret === null
          ? []
          : [allow(["secretsmanager:GetSecretValue"], filterSecret.secretArn)]),
        items(["GetItem", "PutItem", "Scan", "UpdateItem"], tables.offsets.tableArn),
        items(["BatchGetItem", "GetItem"], tables.sessions.tableArn),
        items(["BatchGetItem", "GetItem", "Query"], tables.failures.tableArn),
        allow(["s3:ListBucket"], bucket.bucketArn),
        allow(
          ["s3:GetObject"],
          [FRAME_PAYLOAD_PREFIX, FAILURE_PAYLOAD_PREFIX].map((prefix) =>
            bucket.arnForObjects(`${prefix}*`),
          ),
        ),
        allow(["s3:PutObject"], bucket.arnForObjects(`${MESSAGE_PAYLOAD_PREFIX}*`)),
        // The pattern also matches the queues of a source whose name begins like this one's.
        new PolicyStatement({
          actions: ["sqs:SendMessage"],
          resources: [queuesOf(stack, source)],
          conditions: { StringEquals: { [`aws:ResourceTag/${SOURCE_TAG}`]: source } },
        }),
        // Only the reader writes frames.
        new PolicyStatement({
          effect: Effect.DENY,
          actions: ["sqs:SendMessage"],
          resources: [raw.queue.queueArn, raw.deadLetterQueue.queueArn],
        }),
        ...(key === null ? [] : [key.useStatement()]),
      ],
    });
    for (const prefix of [FRAME_PAYLOAD_PREFIX, FAILURE_PAYLOAD_PREFIX, MESSAGE_PAYLOAD_PREFIX])
      acknowledgePrefix(this.policy, bucket, prefix);
    acknowledgeQueues(
      this.policy,
      source,
      "A replay goes to one queue, which the operator names; the queue must have the source's tag, and the raw queue is denied.",
    );
  }
}
