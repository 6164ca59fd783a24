import { Annotations, Match, type Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { exampleTemplate } from "../../support/example-stack.ts";
import { IamEvaluator } from "../../support/iam-evaluator.ts";

const PRODUCTION = "arn:aws:iam::111122223333:role/billing-production";
const STAGING = "arn:aws:iam::111122223333:role/billing-staging";
const OPERATOR = "arn:aws:iam::111122223333:role/operators";
const ENVIRONMENTS = {
  production: { users: ["app_production"], consumers: [PRODUCTION] },
  staging: { users: ["app_staging"], consumers: [STAGING] },
};

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
interface Place {
  readonly title: string;
  readonly id: string;
  readonly resource: string;
  readonly actions: readonly string[];
}

let template: Template;
let iam: IamEvaluator;
let places: Map<"production" | "staging" | "all", Place[]>;
beforeAll(() => {
  template = exampleTemplate({ environments: ENVIRONMENTS, operators: [OPERATOR] });
  iam = new IamEvaluator(template);
  places = new Map([
    ["production", ownPlaces("production")],
    ["staging", ownPlaces("staging")],
    [
      "all",
      [
        ...queuesNamed(/^shop-raw/),
        objects("frames/"),
        objects("failures/"),
        objects("xa/"),
        ...Object.keys(
          template.findResources("AWS::DynamoDB::Table", {
            Properties: {
              TimeToLiveSpecification: { AttributeName: "expires" },
              KeySchema: [{}, {}],
            },
          }),
        ).map((id) => ({
          title: "failures table",
          id,
          resource: `<${id}.Arn>`,
          actions: ITEM_ACTIONS,
        })),
      ],
    ],
  ]);
});

function ownPlaces(environment: string): Place[] {
  return [
    ...queuesNamed(new RegExp(`^shop-.*-${environment}(-dead)?\\.fifo$`)),
    objects(`messages/${environment}/`),
  ];
}

function queuesNamed(name: RegExp): Place[] {
  return Object.entries(template.findResources("AWS::SQS::Queue"))
    .filter(([, { Properties }]) => name.test(String(Properties.QueueName)))
    .map(([id, { Properties }]) => ({
      title: String(Properties.QueueName),
      id,
      resource: `<${id}.Arn>`,
      actions: QUEUE_ACTIONS,
    }));
}

function objects(prefix: string): Place {
  const [id = ""] = Object.keys(template.findResources("AWS::S3::Bucket")).filter((one) =>
    one.startsWith("PayloadsBucket"),
  );
  return { title: prefix, id, resource: `<${id}.Arn>/${prefix}x`, actions: OBJECT_ACTIONS };
}

/** The ARN of the role whose logical id begins with this part's name. */
function roleOf(part: RegExp): string {
  const [id = ""] = Object.keys(template.findResources("AWS::IAM::Role")).filter((one) =>
    part.test(one),
  );
  return `<${id}.Arn>`;
}

/** What the principal may do in these places if its identity policies allow everything. */
function allowed(principal: string, among: readonly Place[]): string[] {
  return among.flatMap(({ title, id, resource, actions }) =>
    actions
      .filter((action) => !iam.denies(id, principal, action, resource))
      .map((action) => `${action} on ${title}`),
  );
}

describe("with consumers and operators listed", () => {
  test("the cases include every resource that stores rows", () => {
    expect([...places.values()].map((some) => some.length)).toEqual([5, 5, 6]);
  });

  test.each([
    [STAGING, "production"],
    [PRODUCTION, "staging"],
    ["arn:aws:iam::111122223333:role/somebody", "production"],
    ["arn:aws:iam::111122223333:role/somebody", "staging"],
    [STAGING, "all"],
    [PRODUCTION, "all"],
    ["arn:aws:iam::111122223333:user/administrator", "all"],
  ] as const)("%s reaches no rows of %s, whatever its own policies allow", (principal, whose) => {
    expect(allowed(principal, places.get(whose) ?? [])).toEqual([]);
  });

  test("a consumer reaches its own environment's queues and payloads", () => {
    const own = places.get("staging") ?? [];
    const sum = own.reduce((count, { actions }) => count + actions.length, 0);
    expect(allowed(STAGING, own)).toHaveLength(sum);
  });

  test("each part may do its work", () => {
    const all = places.get("all") ?? [];
    const [reader, route, retry] = [
      roleOf(/^ReaderTaskTaskRole/),
      roleOf(/^RouteFunctionRole/),
      roleOf(/^RetryFunctionRole/),
    ];
    expect(allowed(reader, all)).toContain("sqs:SendMessage on shop-raw.fifo");
    expect(allowed(route, all)).toContain("sqs:ReceiveMessage on shop-raw.fifo");
    for (const part of [route, retry]) {
      expect(allowed(part, all)).toContain("dynamodb:UpdateItem on failures table");
      const own = allowed(part, places.get("production") ?? []);
      expect(own).toContain("sqs:SendMessage on shop-billing-production.fifo");
      expect(own).not.toContain("sqs:ReceiveMessage on shop-billing-production.fifo");
    }
  });

  test("an operator reaches what the commands work on, and no message of a queue", () => {
    const all = places.get("all") ?? [];
    const sum = all.reduce((count, { actions }) => count + actions.length, 0);
    expect(allowed(OPERATOR, all)).toHaveLength(sum);
    const own = allowed(OPERATOR, places.get("production") ?? []);
    expect(own).toContain("sqs:ReceiveMessage on shop-billing-production-dead.fifo");
    expect(own).not.toContain("sqs:ReceiveMessage on shop-billing-production.fifo");
  });
});

const OPEN = { production: { users: ["app_production"] }, staging: { users: ["app_staging"] } };

test.each([
  ["consumers alone", { environments: ENVIRONMENTS }, true],
  ["operators alone", { environments: OPEN, operators: [OPERATOR] }, true],
  ["neither", { environments: OPEN }, false],
])(
  "listed consumers or operators close the resources with the rows of all environments: %s",
  (_, replaced, isClosed) => {
    const one = new IamEvaluator(exampleTemplate(replaced));
    for (const { id, resource, actions } of places.get("all") ?? []) {
      for (const action of actions)
        expect(one.denies(id, STAGING, action, resource)).toBe(isClosed);
    }
  },
);

const DEPLOYING = [
  "sqs:SetQueueAttributes",
  "sqs:DeleteQueue",
  "s3:PutBucketPolicy",
  "s3:PutLifecycleConfiguration",
  "s3:DeleteBucket",
  "dynamodb:PutResourcePolicy",
  "dynamodb:UpdateTable",
  "dynamodb:DeleteTable",
  "dynamodb:UpdateContinuousBackups",
];

test("whoever deploys can still change and delete each of these resources and its policy", () => {
  for (const { id, resource } of [...places.values()].flat()) {
    const [service = ""] = [/Table/, /Bucket/].map((kind) => kind.exec(id)?.[0]).filter(Boolean);
    const prefix = { Table: "dynamodb:", Bucket: "s3:" }[service] ?? "sqs:";
    for (const action of DEPLOYING.filter((one) => one.startsWith(prefix))) {
      const bucketOrSame = resource.replace(/\/.*/, "");
      expect([action, iam.denies(id, STAGING, action, bucketOrSame)]).toEqual([action, false]);
    }
  }
});

test.each([
  [[], 1],
  [[OPERATOR], 0],
])("a synthesis with consumers and the operators %j gives %i warnings", (operators, times) => {
  let warnings: readonly unknown[] = [];
  exampleTemplate({ environments: ENVIRONMENTS, operators }, (stack) => {
    const message = Match.stringLikeRegexp("no operators are listed");
    warnings = Annotations.fromStack(stack).findWarning("*", message);
  });
  expect(warnings).toHaveLength(times);
});
