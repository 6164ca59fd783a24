import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type IQueue,
} from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { EnvironmentQueue } from "../config/queues.ts";

export interface EnvironmentQueuePairProps {
  readonly names: EnvironmentQueue;
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
  readonly retentionDays: number;
}

/** One subscriber's FIFO queue in one environment, and where messages go that it failed to handle too often. */
export class EnvironmentQueuePair extends Construct {
  readonly names: EnvironmentQueue;
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, props: EnvironmentQueuePairProps) {
    super(scope, id);
    this.names = props.names;
    const common = {
      fifo: true,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      retentionPeriod: Duration.days(props.retentionDays),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
    };
    this.deadLetterQueue = new Queue(this, "DeadLetterQueue", {
      ...common,
      queueName: props.names.deadLetterQueueName,
    });
    this.queue = new Queue(this, "Queue", {
      ...common,
      queueName: props.names.queueName,
      visibilityTimeout: Duration.seconds(props.visibilitySeconds),
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: props.maxReceives },
    });
  }
}
