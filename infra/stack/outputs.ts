import { CfnOutput } from "aws-cdk-lib";
import type { RouterStack } from "./router-stack.ts";

/**
 * What applications and operators' commands ask of a deployed stack: tables, raw queue, payload bucket, alarm topic, each
 * queue as `Queue<Subscriber><Environment>`, each consumer policy as `ConsumerPolicy<Environment>`. Returns the outputs.
 */
export function outputs(stack: RouterStack): CfnOutput[] {
  const { tables, payloads, raw, monitoring, secret } = stack;
  const values: Record<string, string> = {
    OffsetsTable: tables.offsets.tableName,
    SessionsTable: tables.sessions.tableName,
    FailuresTable: tables.failures.tableName,
    PayloadBucket: payloads.bucket.bucketName,
    RawQueueUrl: raw.queue.queueUrl,
    RawDeadLetterQueueUrl: raw.deadLetterQueue.queueUrl,
    AlarmTopicArn: monitoring.topic.topic.topicArn,
    SourceSecretArn: secret.secret.secretArn,
  };
  const queues = stack.pairs.map(
    ({ names: { subscriber, environment }, queue }) =>
      new CfnOutput(stack, `Queue${pascalCase(subscriber)}${pascalCase(environment)}`, {
        description: `The queue of ${subscriber} in ${environment}`,
        value: queue.queueUrl,
      }),
  );
  const policies = stack.consumerPolicies.map(
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
