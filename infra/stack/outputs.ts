import { CfnOutput } from "aws-cdk-lib";
import type { RouterStack } from "./router-stack.ts";

/**
 * What applications and operators' commands ask of a deployed stack: the tables, the raw queue, the payload bucket, and
 * each queue of an environment. Returns the outputs.
 */
export function outputs(stack: RouterStack): CfnOutput[] {
  const single = [
    { id: "OffsetsTable", value: stack.tables.offsets.tableName },
    { id: "SessionsTable", value: stack.tables.sessions.tableName },
    { id: "FailuresTable", value: stack.tables.failures.tableName },
    { id: "PayloadBucket", value: stack.payloads.bucket.bucketName },
    { id: "RawQueueUrl", value: stack.raw.queue.queueUrl },
    { id: "RawDeadLetterQueueUrl", value: stack.raw.deadLetterQueue.queueUrl },
    { id: "AlarmTopicArn", value: stack.monitoring.topic.topic.topicArn },
    { id: "SourceSecretArn", value: stack.secret.secret.secretArn },
  ].map(({ id, value }) => new CfnOutput(stack, id, { value }));
  const queues = stack.pairs.map(
    (pair) =>
      new CfnOutput(pair, "Url", {
        description: `The queue of ${pair.names.subscriber} in ${pair.names.environment}`,
        value: pair.queue.queueUrl,
      }),
  );
  const policies = stack.consumerPolicies.map(
    ({ environment, policy }) =>
      new CfnOutput(policy, "Arn", {
        description: `To be attached to the roles of applications in ${environment}`,
        value: policy.managedPolicyArn,
      }),
  );
  return [...single, ...queues, ...policies];
}
