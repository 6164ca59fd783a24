import { Duration } from "aws-cdk-lib";
import { DeduplicationScope, FifoThroughputLimit, QueueEncryption } from "aws-cdk-lib/aws-sqs";

/** What all FIFO queues of the stack have, dead-letter queues included. */
export function fifoQueueProps(retentionDays: number) {
  return {
    fifo: true,
    // High throughput: without both, SQS takes 300 calls a second for all groups together.
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    retentionPeriod: Duration.days(retentionDays),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  } as const;
}
