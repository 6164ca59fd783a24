import { CfnResource, Duration, RemovalPolicy, Stack, Tags } from "aws-cdk-lib";
import {
  AnyPrincipal,
  ArnPrincipal,
  Effect,
  Grant,
  PolicyStatement,
  type IGrantable,
} from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Queue, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { EnvironmentQueue } from "../../../config/queues.ts";
import { SOURCE_TAG } from "../../../wire/names.ts";
import { messagePayloadPrefix } from "../../../wire/payloads.ts";
import type { EncryptionKey } from "./encryption.ts";
import { acknowledgePrefix } from "./grants.ts";
import type { Consumers } from "./consumers.ts";
import { fifoQueueProps } from "./fifo-queue.ts";

/** What an application does with its queue. */
export const CONSUME_ACTIONS = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibility",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
];

/** What SQS asks of whoever moves messages out of a dead-letter queue. */
const REDRIVE_ACTIONS = [
  "sqs:StartMessageMoveTask",
  "sqs:ListMessageMoveTasks",
  "sqs:CancelMessageMoveTask",
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
];
/** What it asks of them at the queue where the messages go. */
const SEND_ACTIONS = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"];

export interface EnvironmentQueuePairProps {
  readonly source: string;
  readonly names: EnvironmentQueue;
  /**
   * Whether the queues stay, with their messages and their policies, when they are no longer in the
   * template.
   */
  readonly isKept: boolean;
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
  readonly retentionDays: number;
  /** The only principals that may read the queue; none listed: whoever IAM allows. */
  readonly consumers: Consumers;
  /** Has the bodies that are too large for the queue. */
  readonly payloads: Bucket;
  /** Null: AWS's own keys. */
  readonly key: EncryptionKey | null;
  /** ARNs of principals that may move messages from the dead-letter queue back into the queue. */
  readonly operators: readonly string[];
}

/**
 * One subscriber's FIFO queue in one environment, and where messages go that it failed to handle
 * too often.
 */
export class EnvironmentQueuePair extends Construct {
  readonly names: EnvironmentQueue;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly #consumers: Consumers;
  readonly #payloads: Bucket;
  readonly #key: EncryptionKey | null;

  constructor(scope: Construct, id: string, props: EnvironmentQueuePairProps) {
    super(scope, id);
    this.names = props.names;
    this.#consumers = props.consumers;
    this.#payloads = props.payloads;
    this.#key = props.key;
    const common = {
      ...fifoQueueProps(props.retentionDays),
      // A first deployment that fails leaves no queue behind, whose name would be taken.
      removalPolicy: props.isKept
        ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        : RemovalPolicy.DESTROY,
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
    for (const queue of [this.deadLetterQueue, this.queue]) {
      Tags.of(queue).add(SOURCE_TAG, props.source);
      if (props.isKept) keepPolicy(queue);
    }
    allow(this.deadLetterQueue, props.operators, REDRIVE_ACTIONS);
    allow(this.queue, props.operators, SEND_ACTIONS);
    const { consumers } = props;
    if (consumers.isClosed) {
      allow(this.queue, consumers.listed, CONSUME_ACTIONS);
      keepOthersOut(this.queue, consumers.and([]));
      keepOthersOut(this.deadLetterQueue, consumers.and([], props.operators));
    }
  }

  /**
   * Lets a principal of this account receive and delete the queue's messages and read their large
   * payloads. Throws RangeError where the environment lists its consumers and the principal is a
   * role of another stack.
   */
  grantConsume(grantee: IGrantable): Grant {
    this.#consumers.admit(grantee);
    const prefix = messagePayloadPrefix(this.names.environment);
    const { grantPrincipal: principal } = grantee;
    if (Construct.isConstruct(principal)) acknowledgePrefix(principal, this.#payloads, prefix);
    this.#key?.grantRead(grantee);
    return Grant.addToPrincipal({
      grantee,
      actions: CONSUME_ACTIONS,
      resourceArns: [this.queue.queueArn],
    }).combine(
      Grant.addToPrincipal({
        grantee,
        actions: ["s3:GetObject"],
        resourceArns: [this.#payloads.arnForObjects(`${prefix}*`)],
      }),
    );
  }
}

/** A queue that stays is closed to others as before. */
function keepPolicy(queue: Queue): void {
  const policy = queue.node.findChild("Policy").node.defaultChild;
  if (!CfnResource.isCfnResource(policy)) throw new TypeError(`${queue.node.path} has no policy`);
  policy.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
}

/**
 * Lets principals do something with a queue, by one statement for all of them: SQS takes a policy
 * of at most 20 statements, each with at most seven actions.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
 */
function allow(queue: Queue, arns: readonly string[], actions: readonly string[]): void {
  if (arns.length === 0) return;
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: arns.map((arn) => new ArnPrincipal(arn)),
      actions: [...actions],
      resources: [queue.queueArn],
    }),
  );
}

/**
 * An application of one environment cannot read another's queue, whatever its own IAM policy
 * allows: a Deny in the queue's policy outweighs every Allow.
 */
function keepOthersOut(queue: Queue, principalArns: string[]): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: "OnlyListedConsumers",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
      resources: [queue.queueArn],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": principalArns } },
    }),
  );
}
