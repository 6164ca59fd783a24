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

/** The actions of an application on its queue. */
export const CONSUME_ACTIONS = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibility",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
];

/** The actions that SQS requires at a dead-letter queue to move messages out of it. */
const REDRIVE_ACTIONS = [
  "sqs:StartMessageMoveTask",
  "sqs:ListMessageMoveTasks",
  "sqs:CancelMessageMoveTask",
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
];
/** The actions that SQS requires at the queue to which the messages move. */
const SEND_ACTIONS = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"];

export interface EnvironmentQueuePairProps {
  readonly source: string;
  readonly names: EnvironmentQueue;
  /**
   * Whether CloudFormation keeps the queues, with messages and policies, once they leave the
   * template.
   */
  readonly isKept: boolean;
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
  readonly retentionDays: number;
  /** The principals that may read the queue; when none is listed, IAM decides. */
  readonly consumers: Consumers;
  /** The bucket of bodies that are too large for the queue. */
  readonly payloads: Bucket;
  /** Null: AWS's own keys are used. */
  readonly key: EncryptionKey | null;
  /** ARNs of principals that may move messages from the dead-letter queue back into the queue. */
  readonly operators: readonly string[];
}

/**
 * One subscriber's FIFO queue in one environment, and the dead-letter queue for messages that the
 * application failed to handle too often.
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
      // Not RETAIN: after a failed first deployment, queues left behind would occupy their names.
      removalPolicy: props.isKept
        ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        : RemovalPolicy.DESTROY,
    };
    this.deadLetterQueue = new Queue(this, "DeadLetterQueue", {
      ...common,
      queueName: props.names.deadLetterQueueName,
      // Referred to by name, because the queue refers to its dead-letter queue.
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
   * payloads. Throws RangeError when the environment lists its consumers and the principal is a
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

/** Keeps a queue's policy with the queue, so that a kept queue remains closed to others. */
function keepPolicy(queue: Queue): void {
  const policy = queue.node.findChild("Policy").node.defaultChild;
  if (!CfnResource.isCfnResource(policy)) throw new TypeError(`${queue.node.path} has no policy`);
  policy.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
}

/**
 * Allows principals actions on a queue, in one statement for all: SQS accepts a policy of at most
 * 20 statements, each with at most seven actions.
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
 * Denies everybody else access to a queue's messages. A Deny in the queue's policy overrides every
 * Allow, so an application of another environment cannot read it whatever its IAM policy allows.
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
