import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Queue, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { rawQueueName } from "../../../wire/names.ts";
import { rawDeadLetterQueueName } from "../../../config/queues.ts";
import { fifoQueueProps } from "./fifo-queue.ts";

export interface RawQueueProps {
  readonly source: string;
  readonly retentionDays: number;
}

/** The FIFO queue of frames from the reader to the route function. Each lane is a message group. */
export class RawQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, props: RawQueueProps) {
    super(scope, id);
    const common = {
      ...fifoQueueProps(props.retentionDays),
      removalPolicy: RemovalPolicy.DESTROY,
    };
    this.deadLetterQueue = new Queue(this, "DeadLetterQueue", {
      ...common,
      queueName: rawDeadLetterQueueName(props.source),
      // Referred to by name, because the queue refers to its dead-letter queue.
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [
          Queue.fromQueueArn(
            this,
            "SourceQueue",
            Stack.of(this).formatArn({ service: "sqs", resource: rawQueueName(props.source) }),
          ),
        ],
      },
    });
    this.queue = new Queue(this, "Queue", {
      ...common,
      queueName: rawQueueName(props.source),
      visibilityTimeout: VISIBILITY_TIMEOUT,
      // The messages of a batch are received together, so a low limit would discard sound messages.
      // The function parks poison messages itself; only what fails for half a day gets to the
      // dead-letter queue. 1000 is SQS's maximum.
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 1000 },
    });
  }
}

/**
 * Longer than the route function's timeout, so that a frame does not become visible while the
 * function may still work on it. Not much longer, because the lane of a killed function waits this
 * long.
 */
const VISIBILITY_TIMEOUT = Duration.seconds(45);
