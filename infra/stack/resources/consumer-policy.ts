import { ArnPrincipal, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { messagePayloadPrefix } from "../../../wire/payloads.ts";

import type { EnvironmentQueuePair } from "./environment-queue-pair.ts";
import { acknowledgePrefix } from "./grants.ts";

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
    const prefix = messagePayloadPrefix(props.environment);
    const payloads = props.payloads.arnForObjects(`${prefix}*`);
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
    acknowledgePrefix(this.policy, props.payloads, prefix);
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
