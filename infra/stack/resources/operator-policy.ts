import { Stack } from "aws-cdk-lib";
import { ManagedPolicy } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { DUE_INDEX } from "../../../wire/names.ts";
import { FAILURE_PAYLOAD_PREFIX, FRAME_PAYLOAD_PREFIX } from "../../../wire/payloads.ts";
import { acknowledge } from "./acknowledge.ts";
import type { EncryptionKey } from "./encryption.ts";
import { acknowledgePrefix } from "./grants.ts";
import type { PayloadBucket } from "./payload-bucket.ts";
import { acknowledgeQueues, allow, items, queuesOf } from "./policy-statements.ts";
import type { RawQueue } from "./raw-queue.ts";
import type { Tables } from "./tables.ts";

export interface OperatorPolicyProps {
  readonly source: string;
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  /** Null: AWS's own keys are used. */
  readonly key: EncryptionKey | null;
}

/**
 * The permissions of `binlog-router`'s commands on a deployed stack, except those that read the
 * binlog (`TracingPolicy`). It is attached to the roles of the people who run them.
 */
export class OperatorPolicy extends Construct {
  readonly policy: ManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    { source, tables, payloads, raw, key }: OperatorPolicyProps,
  ) {
    super(scope, id);
    const { bucket } = payloads;
    const stack = Stack.of(this);
    const queues = queuesOf(stack, source);
    this.policy = new ManagedPolicy(this, "Policy", {
      description: `Runs the operators' commands for the source ${source}`,
      statements: [
        allow(["cloudformation:DescribeStacks", "cloudformation:GetTemplate"], stack.stackId),
        items(["GetItem", "UpdateItem"], tables.offsets.tableArn),
        // To read the items of all lanes.
        items(["Scan"], tables.offsets.tableArn),
        items(["BatchGetItem", "GetItem", "UpdateItem"], tables.sessions.tableArn),
        items(
          ["BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"],
          tables.failures.tableArn,
        ),
        items(["Query"], `${tables.failures.tableArn}/index/${DUE_INDEX}`),
        allow(["s3:ListBucket"], bucket.bucketArn),
        allow(["s3:GetObject"], bucket.arnForObjects(`${FRAME_PAYLOAD_PREFIX}*`)),
        allow(["s3:GetObject", "s3:PutObject"], bucket.arnForObjects(`${FAILURE_PAYLOAD_PREFIX}*`)),
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], raw.deadLetterQueue.queueArn),
        allow(["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"], queues),
        // ListQueues cannot be limited to a resource.
        allow(["sqs:ListQueues"], "*"),
        ...(key === null ? [] : [key.useStatement()]),
      ],
    });
    for (const prefix of [FRAME_PAYLOAD_PREFIX, FAILURE_PAYLOAD_PREFIX])
      acknowledgePrefix(this.policy, bucket, prefix);
    acknowledge(
      this.policy,
      "IAM5[Resource::*]",
      "sqs:ListQueues takes no resource; it returns the names of queues, and no messages.",
    );
    acknowledgeQueues(
      this.policy,
      source,
      "This reads attributes and tags of the source's queues, whose names begin like this, and no message; `queues` tells by the tag which queues belong to another source.",
    );
  }
}
