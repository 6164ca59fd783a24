import { ArnPrincipal, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { messagePayloadPrefix } from "../../../wire/payloads.ts";
import type { Consumers } from "./consumers.ts";
import type { EncryptionKey } from "./encryption.ts";
import { CONSUME_ACTIONS, type EnvironmentQueuePair } from "./environment-queue-pair.ts";
import { acknowledgePrefix } from "./grants.ts";

export interface ConsumerPolicyProps {
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly payloads: Bucket;
  /** Null: AWS's own keys are used. */
  readonly key: EncryptionKey | null;
  /** Listed consumers also get the payloads by the bucket's policy. */
  readonly consumers: Consumers;
}

/**
 * The permissions of an application of one environment: its queues and its large payloads. The
 * owner of the application attaches the policy to its role.
 */
export class ConsumerPolicy extends Construct {
  readonly environment: string;
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: ConsumerPolicyProps) {
    super(scope, id);
    const { environment, listed } = props.consumers;
    this.environment = environment;
    const prefix = messagePayloadPrefix(environment);
    const payloads = props.payloads.arnForObjects(`${prefix}*`);
    this.policy = new ManagedPolicy(this, "Policy", {
      description: `Reads the queues of the environment ${environment}`,
      statements: [
        new PolicyStatement({
          actions: CONSUME_ACTIONS,
          resources: props.pairs.map(({ queue }) => queue.queueArn),
        }),
        new PolicyStatement({ actions: ["s3:GetObject"], resources: [payloads] }),
        ...(props.key === null ? [] : [props.key.readStatement()]),
      ],
    });
    acknowledgePrefix(this.policy, props.payloads, prefix);
    if (listed.length > 0) {
      props.payloads.addToResourcePolicy(
        new PolicyStatement({
          principals: listed.map((arn) => new ArnPrincipal(arn)),
          actions: ["s3:GetObject"],
          resources: [payloads],
        }),
      );
    }
  }
}
