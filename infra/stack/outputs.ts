import { CfnOutput, type CfnOutputProps } from "aws-cdk-lib";
import type { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { consumerPolicyOutput, queueOutput } from "../../config/queues.ts";
import type { Monitoring } from "./monitoring/monitoring.ts";
import type { Canary } from "./resources/canary.ts";
import type { ConsumerPolicy } from "./resources/consumer-policy.ts";
import type { EnvironmentQueuePair } from "./resources/environment-queue-pair.ts";
import type { OperatorPolicy } from "./resources/operator-policy.ts";
import type { PayloadBucket } from "./resources/payload-bucket.ts";
import type { RawQueue } from "./resources/raw-queue.ts";
import type { ReaderService } from "./resources/reader-service.ts";
import type { AccountSecret } from "./resources/account-secret.ts";
import type { Tables } from "./resources/tables.ts";
import type { TracingPolicy } from "./resources/tracing-policy.ts";

/** The parts whose names and ARNs are outputs of the stack. */
export interface OutputParts {
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  readonly secret: AccountSecret;
  readonly reader: ReaderService;
  readonly monitoring: Monitoring;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly consumerPolicies: readonly ConsumerPolicy[];
  readonly operatorPolicy: OperatorPolicy;
  readonly tracingPolicy: TracingPolicy;
  readonly canary: Canary | null;
}

/**
 * Creates the outputs that applications and operators' commands read: tables, raw queue, payload
 * bucket, alarm topics, each queue as `Queue<Subscriber><Environment>`, each consumer policy as
 * `ConsumerPolicy<Environment>`. `filterSecret`: null when no subscriber has `columns`.
 */
export function outputs(scope: Construct, parts: OutputParts, filterSecret: Secret | null): void {
  const { tables, payloads, raw, monitoring, secret } = parts;
  const values: Record<string, string> = {
    OffsetsTable: tables.offsets.tableName,
    SessionsTable: tables.sessions.tableName,
    FailuresTable: tables.failures.tableName,
    PayloadBucket: payloads.bucket.bucketName,
    RawQueueUrl: raw.queue.queueUrl,
    RawDeadLetterQueueUrl: raw.deadLetterQueue.queueUrl,
    AlarmTopicArn: monitoring.topic.topic.topicArn,
    UrgentAlarmTopicArn: monitoring.urgentTopic.topic.topicArn,
    SourceSecretArn: secret.secret.secretArn,
    ...(filterSecret !== null && { FilterSecretArn: filterSecret.secretArn }),
    ...(parts.canary !== null && {
      CanarySecretArn: parts.canary.secret.secret.secretArn,
      CanarySecurityGroupId: parts.canary.securityGroup.securityGroupId,
    }),
    // Without `databaseSecurityGroupId`, the owner of MySQL's network admits this group on MySQL's
    // port.
    ReaderSecurityGroupId: parts.reader.securityGroup.securityGroupId,
  };
  for (const { names, queue } of parts.pairs) {
    output(scope, queueOutput(names), {
      description: `The queue of ${names.subscriber} in ${names.environment}`,
      value: queue.queueUrl,
    });
  }
  for (const { environment, policy } of parts.consumerPolicies) {
    output(scope, consumerPolicyOutput(environment), {
      description: `To be attached to the roles of applications in ${environment}`,
      value: policy.managedPolicyArn,
    });
  }
  output(scope, "OperatorPolicyArn", {
    description: "To be attached to the roles of people who run the operators' commands",
    value: parts.operatorPolicy.policy.managedPolicyArn,
  });
  output(scope, "TracingPolicyArn", {
    description: "To be attached to the roles of people who trace and replay changes",
    value: parts.tracingPolicy.policy.managedPolicyArn,
  });
  for (const [id, value] of Object.entries(values)) output(scope, id, { value });
}

/**
 * Creates an output with `id` as its whole name, wherever the construct is, because commands look
 * it up by that name.
 */
function output(scope: Construct, id: string, props: CfnOutputProps): void {
  new CfnOutput(scope, id, props).overrideLogicalId(id);
}
