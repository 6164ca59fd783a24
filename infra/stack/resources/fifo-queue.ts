import { Duration } from "aws-cdk-lib";
import { DeduplicationScope, FifoThroughputLimit, QueueEncryption } from "aws-cdk-lib/aws-sqs";

/** Properties of all FIFO queues of the stack, including dead-letter queues. */
export function fifoQueueProps(retentionDays: number) {
  return {
    fifo: true,
    // High throughput: without both, SQS accepts only 300 calls a second for all groups together.
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    retentionPeriod: Duration.days(retentionDays),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  } as const;
}
