import { Stack } from "aws-cdk-lib";
import { ArnPrincipal, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { messagePayloadPrefix } from "../../wire/payloads.ts";
import { acknowledge } from "./acknowledge.ts";
import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";

export interface ConsumerPolicyProps {
  readonly environment: string;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly payloads: Bucket;
  /** ARNs of principals that also get the payloads by the bucket's own policy. */
  readonly consumers: readonly string[];
}

/** What an application of one environment needs: its queues and its large payloads. To be attached to its role. */
export class ConsumerPolicy extends Construct {
  readonly environment: string;
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: ConsumerPolicyProps) {
    super(scope, id);
    this.environment = props.environment;
    const bucketId = Stack.of(this).getLogicalId(props.payloads.node.defaultChild as CfnBucket);
    const payloads = props.payloads.arnForObjects(`${messagePayloadPrefix(props.environment)}*`);
    this.policy = new ManagedPolicy(this, "Policy", {
      description: `Reads the queues of the environment ${props.environment}`,
      statements: [
        new PolicyStatement({
          actions: [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
          ],
          resources: props.pairs.map(({ queue }) => queue.queueArn),
        }),
        new PolicyStatement({ actions: ["s3:GetObject"], resources: [payloads] }),
      ],
    });
    acknowledge(
      this.policy,
      `IAM5[Resource::<${bucketId}.Arn>/${messagePayloadPrefix(props.environment)}*]`,
      "A message's payload has a key that only the message knows; the prefix holds this environment's and no other's.",
    );
    if (props.consumers.length > 0) {
      props.payloads.addToResourcePolicy(
        new PolicyStatement({
          principals: props.consumers.map((arn) => new ArnPrincipal(arn)),
          actions: ["s3:GetObject"],
          resources: [payloads],
        }),
      );
    }
  }
}
