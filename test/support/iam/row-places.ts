import type { Template } from "aws-cdk-lib/assertions";
import { IamEvaluator } from "../iam-evaluator.ts";
import type { Caller } from "./policy.ts";

export const ENVIRONMENTS = ["production", "staging", "test"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

const QUEUE_ACTIONS = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibility",
  "sqs:SendMessage",
  "sqs:PurgeQueue",
  "sqs:StartMessageMoveTask",
];
const OBJECT_ACTIONS = [
  "GetObject",
  "GetObjectVersion",
  "GetObjectVersionForReplication",
  "PutObject",
  "PutObjectAcl",
  "RestoreObject",
  "DeleteObject",
  "DeleteObjectVersion",
].map((action) => `s3:${action}`);
const ITEM_ACTIONS = [
  "GetItem",
  "BatchGetItem",
  "ConditionCheckItem",
  "Query",
  "Scan",
  "PartiQLSelect",
  "PartiQLInsert",
  "PartiQLUpdate",
  "PartiQLDelete",
  "BatchWriteItem",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "CreateBackup",
  "ExportTableToPointInTime",
  "RestoreTableToPointInTime",
  "EnableKinesisStreamingDestination",
].map((action) => `dynamodb:${action}`);

/**
 * A place that stores rows: the resource whose policy protects it, what is accessed, and the
 * actions that read rows there.
 */
export interface Place {
  readonly title: string;
  readonly id: string;
  readonly resource: string;
  readonly actions: readonly string[];
}

/** Every place in a template that stores rows, by the environment of the rows. */
export class Places {
  readonly iam: IamEvaluator;
  readonly of: Readonly<Record<Environment | "all", readonly Place[]>>;
  readonly #template: Template;

  constructor(template: Template) {
    this.#template = template;
    this.iam = new IamEvaluator(template);
    const own = (name: Environment): Place[] => [
      ...this.#queues(new RegExp(`^shop-.*-${name}(-dead)?\\.fifo$`)),
      this.#objects(`messages/${name}/`),
    ];
    this.of = {
      production: own("production"),
      staging: own("staging"),
      test: own("test"),
      all: [
        ...this.#queues(/^shop-raw/),
        ...["frames/", "failures/", "xa/"].map((prefix) => this.#objects(prefix)),
        ...this.#tables(/^Tables(Failures|Offsets)/),
      ],
    };
  }

  #ids(type: string): string[] {
    return Object.keys(this.#template.findResources(type));
  }

  #queues(name: RegExp): Place[] {
    return Object.entries(this.#template.findResources("AWS::SQS::Queue"))
      .filter(([, { Properties }]) => name.test(String(Properties.QueueName)))
      .map(([id, { Properties }]) => ({
        title: String(Properties.QueueName),
        id,
        resource: this.iam.arnOf(id),
        actions: QUEUE_ACTIONS,
      }));
  }

  #objects(prefix: string): Place {
    const id = this.#ids("AWS::S3::Bucket").find((one) => one.startsWith("PayloadsBucket")) ?? "";
    const resource = `${this.iam.arnOf(id)}/${prefix}x`;
    return { title: prefix, id, resource, actions: OBJECT_ACTIONS };
  }

  #tables(name: RegExp): Place[] {
    return this.#ids("AWS::DynamoDB::Table")
      .filter((id) => name.test(id))
      .map((id) => ({ title: id, id, resource: this.iam.arnOf(id), actions: ITEM_ACTIONS }));
  }

  /** What a caller may do there. Without `identity`, its own policies allow everything. */
  allowed(caller: Caller, among: readonly Place[], identity?: Identity): string[] {
    return among.flatMap(({ title, id, resource, actions }) =>
      actions
        .filter((action) => this.iam.decide(id, caller, action, resource, identity) === "allowed")
        .map((action) => `${action} on ${title}`),
    );
  }

  /** The ARN of the role whose logical id begins with this part's name. */
  roleOf(part: RegExp): Caller {
    const id = this.#ids("AWS::IAM::Role").find((one) => part.test(one)) ?? "";
    return { arn: this.iam.arnOf(id) };
  }
}

type Identity = Parameters<IamEvaluator["decide"]>[4];
