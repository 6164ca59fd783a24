import { CfnOutput, type Stack } from "aws-cdk-lib";
import type { Monitoring } from "./monitoring/monitoring.ts";
import type { ConsumerPolicy } from "./resources/consumer-policy.ts";
import type { EnvironmentQueuePair } from "./resources/environment-queue-pair.ts";
import type { PayloadBucket } from "./resources/payload-bucket.ts";
import type { RawQueue } from "./resources/raw-queue.ts";
import type { SourceSecret } from "./resources/source-secret.ts";
import type { Tables } from "./resources/tables.ts";

/** The parts of a stack that others ask for. */
export interface OutputParts {
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  readonly secret: SourceSecret;
  readonly monitoring: Monitoring;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly consumerPolicies: readonly ConsumerPolicy[];
}

/**
 * What applications and operators' commands ask of a deployed stack: tables, raw queue, payload bucket, alarm topic, each
 * queue as `Queue<Subscriber><Environment>`, each consumer policy as `ConsumerPolicy<Environment>`. Returns the outputs.
 */
export function outputs(stack: Stack, parts: OutputParts): CfnOutput[] {
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
  };
  const queues = parts.pairs.map(
    ({ names: { subscriber, environment }, queue }) =>
      new CfnOutput(stack, `Queue${pascalCase(subscriber)}${pascalCase(environment)}`, {
        description: `The queue of ${subscriber} in ${environment}`,
        value: queue.queueUrl,
      }),
  );
  const policies = parts.consumerPolicies.map(
    ({ environment, policy }) =>
      new CfnOutput(stack, `ConsumerPolicy${pascalCase(environment)}`, {
        description: `To be attached to the roles of applications in ${environment}`,
        value: policy.managedPolicyArn,
      }),
  );
  const named = Object.entries(values).map(([id, value]) => new CfnOutput(stack, id, { value }));
  return [...named, ...queues, ...policies];
}

/** Names of outputs hold letters and digits only: `branch-7` becomes `Branch7`. */
function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
