import { CfnOutput, type Stack } from "aws-cdk-lib";
import { consumerPolicyOutput, queueOutput } from "../../config/queues.ts";
import type { Monitoring } from "./monitoring/monitoring.ts";
import type { ConsumerPolicy } from "./resources/consumer-policy.ts";
import type { EnvironmentQueuePair } from "./resources/environment-queue-pair.ts";
import type { PayloadBucket } from "./resources/payload-bucket.ts";
import type { RawQueue } from "./resources/raw-queue.ts";
import type { ReaderService } from "./resources/reader-service.ts";
import type { SourceSecret } from "./resources/source-secret.ts";
import type { Tables } from "./resources/tables.ts";

/** The parts of a stack that others ask for. */
export interface OutputParts {
  readonly tables: Tables;
  readonly payloads: PayloadBucket;
  readonly raw: RawQueue;
  readonly secret: SourceSecret;
  readonly reader: ReaderService;
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
    // Whoever owns MySQL's network allows this group on MySQL's port where `databaseSecurityGroupId` is left out.
    ReaderSecurityGroupId: parts.reader.securityGroup.securityGroupId,
  };
  const queues = parts.pairs.map(
    ({ names, queue }) =>
      new CfnOutput(stack, queueOutput(names), {
        description: `The queue of ${names.subscriber} in ${names.environment}`,
        value: queue.queueUrl,
      }),
  );
  const policies = parts.consumerPolicies.map(
    ({ environment, policy }) =>
      new CfnOutput(stack, consumerPolicyOutput(environment), {
        description: `To be attached to the roles of applications in ${environment}`,
        value: policy.managedPolicyArn,
      }),
  );
  const named = Object.entries(values).map(([id, value]) => new CfnOutput(stack, id, { value }));
  return [...named, ...queues, ...policies];
}
