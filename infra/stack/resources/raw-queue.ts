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

/**
 * The FIFO queue of frames between the reader and the route function; each lane is a message group.
 */
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
      // By its name: the queue itself refers to this one.
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
      // Messages of a batch are received together, so a low limit would throw away innocent ones:
      // the function records poison itself, and only what fails for half a day ends in the
      // dead-letter queue. 1000 is the most that SQS takes.
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 1000 },
    });
  }
}

/**
 * Longer than the route function's timeout, so that a frame never becomes visible while the
 * function may still work on it; not much longer, because a lane whose function was killed waits
 * this long.
 */
const VISIBILITY_TIMEOUT = Duration.seconds(45);
