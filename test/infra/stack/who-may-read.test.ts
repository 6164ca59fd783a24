import { Annotations, Match, type Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { exampleTemplate } from "../../support/example-stack.ts";
import type { Caller } from "../../support/iam/policy.ts";
import {
  ENVIRONMENTS as NAMES,
  Places,
  type Environment,
  type Place,
} from "../../support/iam/row-places.ts";

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
/** The application that each environment lists. */
const CONSUMER: Readonly<Record<Environment, string>> = {
  production: role("billing-production"),
  // A pattern must not include this one.
  staging: role("billing-production-not"),
  test: role("teams/billing-test"),
};
const OPERATOR = role("operators");
const CLOSED = Object.fromEntries(
  NAMES.map((name) => [name, { users: [`app_${name}`], consumers: [CONSUMER[name]] }]),
);
const OPEN = Object.fromEntries(NAMES.map((name) => [name, { users: [`app_${name}`] }]));

let template: Template;
let closed: Places;
beforeAll(() => {
  template = exampleTemplate({ environments: CLOSED, operators: [OPERATOR] });
  closed = new Places(template);
});

function count(places: readonly Place[]): number {
  return places.reduce((sum, { actions }) => sum + actions.length, 0);
}

const session = (of: string): string => `arn:aws:sts::111122223333:assumed-role/${of}/i-0abc`;

/** A role, a session of it, and a session that is named like another role. */
function callersOf(arn: string): Caller[] {
  const name = arn.replace(/.*\//, "");
  return [{ arn }, { arn, sessionArn: session(name) }, { arn, sessionArn: session("operators") }];
}

const STRANGERS = [
  role("somebody"),
  role(`x/${OPERATOR.replace(/.*\//, "")}`),
  "arn:aws:iam::111122223333:user/administrator",
  "arn:aws:iam::111122223333:root",
  "arn:aws:iam::444455556666:role/billing-production",
];

/** Each principal with each place whose rows are not its own. */
const PAIRS = [...NAMES, "all" as const].flatMap((whose) => [
  ...NAMES.filter((name) => name !== whose).map((name) => [CONSUMER[name], whose] as const),
  ...STRANGERS.map((stranger) => [stranger, whose] as const),
]);

describe("with consumers and operators listed", () => {
  test("the cases include every resource that stores rows", () => {
    expect(Object.values(closed.of).map((some) => some.length)).toEqual([5, 5, 5, 7]);
    const cases = new Set(Object.values(closed.of).flatMap((some) => some.map(({ id }) => id)));
    const stores = ["AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::S3::Bucket"].flatMap((type) =>
      Object.keys(template.findResources(type)),
    );
    const others = stores.filter((id) => !cases.has(id));
    // The changes of users in no environment, who was connected, and names of payloads.
    expect(others.map((id) => id.replace(/[0-9A-F]{8}$/, "")).sort()).toEqual([
      "PayloadsAccessLog",
      "TablesSessions",
      "billingunroutedDeadLetterQueue",
      "billingunroutedQueue",
      "searchunroutedDeadLetterQueue",
      "searchunroutedQueue",
    ]);
  });

  test.each(PAIRS)(
    "%s reaches no rows of %s, whatever its own policies allow",
    (principal, whose) => {
      for (const caller of callersOf(principal))
        expect(closed.allowed(caller, closed.of[whose])).toEqual([]);
    },
  );

  test.each(NAMES)("a consumer of %s reaches its own environment's queues and payloads", (name) => {
    for (const caller of callersOf(CONSUMER[name]))
      expect(closed.allowed(caller, closed.of[name])).toHaveLength(count(closed.of[name]));
  });

  test("a listed consumer needs no policy of its own to receive, and gets nothing else by that", () => {
    const caller = { arn: CONSUMER.staging };
    const own = closed.allowed(caller, closed.of.staging, []);
    expect(own).toEqual([
      "sqs:ReceiveMessage on shop-billing-staging.fifo",
      "sqs:DeleteMessage on shop-billing-staging.fifo",
      "sqs:ChangeMessageVisibility on shop-billing-staging.fifo",
      "sqs:ReceiveMessage on shop-search-staging.fifo",
      "sqs:DeleteMessage on shop-search-staging.fifo",
      "sqs:ChangeMessageVisibility on shop-search-staging.fifo",
      "s3:GetObject on messages/staging/",
    ]);
  });

  test("each part may do its work with the policies that it has", () => {
    const { all, production } = closed.of;
    const parts = { reader: /^ReaderTaskTaskRole/, route: /^RouteFunctionRole/, retry: /^Retry/ };
    const may = (part: keyof typeof parts, places: readonly Place[]): string[] => {
      const caller = closed.roleOf(parts[part]);
      return closed.allowed(caller, places, closed.iam.ofRole(caller.arn.replace(/.*\//, "")));
    };
    expect(may("reader", all)).toContain("sqs:SendMessage on shop-raw.fifo");
    expect(may("route", all)).toContain("sqs:ReceiveMessage on shop-raw.fifo");
    for (const part of ["route", "retry"] as const) {
      expect(may(part, all).join()).toMatch(/dynamodb:UpdateItem on TablesFailures/);
      const own = may(part, production);
      expect(own).toContain("sqs:SendMessage on shop-billing-production.fifo");
      expect(own).not.toContain("sqs:ReceiveMessage on shop-billing-production.fifo");
    }
  });

  test("an operator reaches what the commands work on, and no message of a queue", () => {
    const caller = { arn: OPERATOR };
    const { all, production } = closed.of;
    expect(closed.allowed(caller, all)).toHaveLength(count(all));
    const own = closed.allowed(caller, production);
    expect(own).toContain("sqs:ReceiveMessage on shop-billing-production-dead.fifo");
    expect(own).not.toContain("sqs:ReceiveMessage on shop-billing-production.fifo");
  });
});

describe("without listed consumers", () => {
  let open: Places;
  beforeAll(() => {
    open = new Places(exampleTemplate({ environments: OPEN }));
  });

  test.each(
    NAMES.flatMap((name) => [...NAMES, "all" as const].map((whose) => [name, whose] as const)),
  )("the policy ConsumerPolicy… of %s allows nothing of %s but its own", (name, whose) => {
    const policy = open.iam.ofManagedPolicy(`Reads the queues of the environment ${name}`);
    const allowed = open.allowed({ arn: role("application") }, open.of[whose], policy);
    expect(allowed).toHaveLength(name === whose ? 7 : 0);
  });
});

test.each([
  ["consumers alone", { environments: CLOSED }, true],
  ["operators alone", { environments: OPEN, operators: [OPERATOR] }, true],
  ["neither", { environments: OPEN }, false],
])(
  "listed consumers or operators close the resources with the rows of all environments: %s",
  (_, replaced, isClosed) => {
    const places = new Places(exampleTemplate(replaced));
    const { all } = places.of;
    expect(places.allowed({ arn: CONSUMER.staging }, all)).toHaveLength(isClosed ? 0 : count(all));
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
  for (const { id, resource } of Object.values(closed.of).flat()) {
    const [, service = ""] = /^arn:aws:(\w+):/.exec(resource) ?? [];
    for (const action of DEPLOYING.filter((one) => one.startsWith(`${service}:`))) {
      const bucketOrSame = service === "s3" ? resource.replace(/\/.*/, "") : resource;
      const isDenied = closed.iam.denies(id, role("deployment"), action, bucketOrSame);
      expect([action, isDenied]).toEqual([action, false]);
    }
  }
});

test.each([
  [[], 1],
  [[OPERATOR], 0],
])("a synthesis with consumers and the operators %j gives %i warnings", (operators, times) => {
  let warnings: readonly unknown[] = [];
  exampleTemplate({ environments: CLOSED, operators }, (stack) => {
    const message = Match.stringLikeRegexp("no operators are listed");
    warnings = Annotations.fromStack(stack).findWarning("*", message);
  });
  expect(warnings).toHaveLength(times);
});
