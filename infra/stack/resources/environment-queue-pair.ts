import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { AnyPrincipal, ArnPrincipal, Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  RedrivePermission,
} from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { EnvironmentQueue } from "../../../config/queues.ts";

export interface EnvironmentQueuePairProps {
  readonly names: EnvironmentQueue;
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
  readonly retentionDays: number;
  /** ARNs of the only principals that may read the queue; none: whoever IAM allows. */
  readonly consumers: readonly string[];
  /** ARNs of principals that may move messages from the dead-letter queue back into the queue. */
  readonly operators: readonly string[];
}

/** One subscriber's FIFO queue in one environment, and where messages go that it failed to handle too often. */
export class EnvironmentQueuePair extends Construct {
  readonly names: EnvironmentQueue;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

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
      // By its name: the queue itself refers to this one.
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [
          Queue.fromQueueArn(
            this,
            "SourceQueue",
            Stack.of(this).formatArn({ service: "sqs", resource: props.names.queueName }),
          ),
        ],
      },
    });
    this.queue = new Queue(this, "Queue", {
      ...common,
      queueName: props.names.queueName,
      visibilityTimeout: Duration.seconds(props.visibilitySeconds),
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: props.maxReceives },
    });
    for (const arn of props.operators) allowRedrive(this, arn);
    if (props.consumers.length > 0) {
      for (const arn of props.consumers) this.queue.grantConsumeMessages(new ArnPrincipal(arn));
      keepOthersOut(this.queue, props.consumers);
      keepOthersOut(this.deadLetterQueue, [...props.consumers, ...props.operators]);
    }
  }
}

/** What SQS asks of whoever starts a move from the dead-letter queue to the queue. */
function allowRedrive({ queue, deadLetterQueue }: EnvironmentQueuePair, arn: string): void {
  const principal = new ArnPrincipal(arn);
  deadLetterQueue.grantConsumeMessages(principal);
  deadLetterQueue.grant(
    principal,
    "sqs:StartMessageMoveTask",
    "sqs:ListMessageMoveTasks",
    "sqs:CancelMessageMoveTask",
  );
  queue.grantSendMessages(principal);
}

/**
 * An application of one environment cannot read another's queue, whatever its own IAM policy allows: a Deny in the
 * queue's policy outweighs every Allow.
 */
function keepOthersOut(queue: Queue, principalArns: readonly string[]): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: "OnlyListedConsumers",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
      resources: [queue.queueArn],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": [...principalArns] } },
    }),
  );
}
