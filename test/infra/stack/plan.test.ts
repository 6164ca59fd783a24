import { beforeAll, describe, expect, test } from "vitest";
import type { Template } from "aws-cdk-lib/assertions";
import { Role } from "aws-cdk-lib/aws-iam";
import { deployedOf, type Deployed } from "../../../operator/shared/deployed.ts";
import type { Step } from "../../../operator/commands/plan/step.ts";
import { stepsTo } from "../../../operator/commands/plan/steps.ts";
import {
  exampleConfiguration,
  exampleObject,
  exampleTemplate,
} from "../../support/example-stack.ts";
import { CHANGES } from "../../support/plan-changes.ts";

// Compares what `plan` reports about a change with what CloudFormation does to the queues. When a
// queue leaves the template or gets another name, the deployed template decides whether
// CloudFormation keeps or deletes it.

const { environments, subscribers } = exampleObject() as {
  readonly environments: Record<string, object>;
  readonly subscribers: Record<"billing" | "search", object>;
};
const { production, staging, test: third } = environments;
const ROLE = "arn:aws:iam::111122223333:role/one";
const { billing, search } = subscribers;

let template: Template;
let deployed: Deployed;
/** A deployment of the last release that did not yet retain its queues. */
let former: Deployed;
beforeAll(() => {
  template = exampleTemplate();
  deployed = deployedOf(JSON.stringify(template.toJSON()));
  former = deployedOf(JSON.stringify(template.toJSON(), withoutDeletionPolicy));
});

function withoutDeletionPolicy(key: string, value: unknown): unknown {
  return key === "DeletionPolicy" ? undefined : value;
}

const changedTemplates = new Map<object, Template>();

/** Synthesizes each changed template once. */
function changedTemplate(changed: Record<string, unknown>): Template {
  const known = changedTemplates.get(changed) ?? exampleTemplate(changed);
  changedTemplates.set(changed, known);
  return known;
}

/** The properties of each queue, by logical id. */
function queuesOf(of: Template): Map<string, Record<string, unknown>> {
  return new Map(
    Object.entries(of.findResources("AWS::SQS::Queue")).map(([id, { Properties }]) => [
      id,
      Properties as Record<string, unknown>,
    ]),
  );
}

function named(steps: readonly Step[], kind: Step["kind"]): string[] {
  return steps
    .filter((step) => step.kind === kind)
    .map(({ what }) => what)
    .sort();
}

/** Names in the first map that the second does not have under the same logical id. */
function gone(
  before: Map<string, Record<string, unknown>>,
  after: Map<string, Record<string, unknown>>,
): string[] {
  return [...before]
    .filter(([id, { QueueName }]) => after.get(id)?.["QueueName"] !== QueueName)
    .map(([, { QueueName }]) => String(QueueName))
    .sort();
}

describe.each([
  ["leaves", () => deployed],
  ["deletes", () => former],
] as const)("where the deployed template %s removed queues", (kind, from) => {
  test.each(CHANGES)("%s: the plan says what happens to each queue", (_, changed) => {
    const steps = stepsTo(exampleConfiguration(changed), from());
    const [before, after] = [queuesOf(template), queuesOf(changedTemplate(changed))];
    const going = gone(before, after);
    expect(named(steps, kind)).toEqual(going);
    expect(named(steps, kind === "leaves" ? "deletes" : "leaves")).toEqual([]);
    expect(named(steps, "creates")).toEqual(gone(after, before));
    // SQS deletes messages when their queue is deleted or its retention is lowered.
    const lowered = [...before].filter(
      ([id, { MessageRetentionPeriod }]) =>
        Number(after.get(id)?.["MessageRetentionPeriod"]) < Number(MessageRetentionPeriod),
    );
    expect(
      steps
        .filter(({ losesMessages }) => losesMessages)
        .map(({ what }) => what)
        .sort(),
    ).toEqual(
      [
        ...(kind === "deletes" ? going : []),
        ...lowered.map(([, { QueueName }]) => String(QueueName)),
      ].sort(),
    );
  });
});

/** The resources of a type that CloudFormation retains when they leave the template. */
function kept(of: Template, type: string): { id: string; properties: Record<string, unknown> }[] {
  const found = of.findResources(type, { DeletionPolicy: "RetainExceptOnCreate" });
  return Object.entries(found).map(([id, { UpdateReplacePolicy, Properties }]) => {
    expect(UpdateReplacePolicy).toBe("Retain");
    return { id, properties: Properties as Record<string, unknown> };
  });
}

test("queues of environments stay, closed as before; the stack's own queues are deleted with it", () => {
  const queues = kept(template, "AWS::SQS::Queue");
  const names = queues.map(({ properties }) => String(properties["QueueName"]));
  expect(names).toHaveLength(16);
  expect(names.filter((name) => name.startsWith("shop-raw"))).toEqual([]);
  for (const { properties } of queues) {
    expect(properties["Tags"]).toContainEqual({ Key: "binlog-router:source", Value: "shop" });
  }
  const closed = kept(template, "AWS::SQS::QueuePolicy").map(
    ({ properties }) => properties["Queues"],
  );
  expect(closed.length).toBe(queues.length);
  expect(closed).toEqual(expect.arrayContaining(queues.map(({ id }) => [{ Ref: id }])));
});

test("a new canary adds queues and an account, and leaves other subscribers as they are", () => {
  const steps = stepsTo(exampleConfiguration({ canary: {} }), deployed);
  expect(steps.map(({ kind, what }) => [kind, what])).toEqual([
    ["creates", "shop-router-canary-binlog-router.fifo"],
    ["creates", "shop-router-canary-binlog-router-dead.fifo"],
    ["keeps", ""],
  ]);
});

test("the canary's queue is deleted, whatever is in it", () => {
  const withCanary = deployedOf(JSON.stringify(exampleTemplate({ canary: {} }).toJSON()));
  const steps = stepsTo(exampleConfiguration(), withCanary);
  expect(named(steps, "deletes")).toEqual([
    "shop-router-canary-binlog-router-dead.fifo",
    "shop-router-canary-binlog-router.fifo",
  ]);
  expect(steps.filter(({ losesMessages }) => losesMessages)).toEqual([]);
});

test.each([
  [
    "lanes",
    { lanes: 4 },
    /lanes: 4 instead of 1; .* only when everything sent before is delivered/,
  ],
  [
    "groupBy",
    { subscribers: { billing: { ...billing, groupBy: "key" }, search } },
    /subscribers\.billing\.groupBy: "key" instead of "table"; messages that wait keep their groups/,
  ],
  [
    "format",
    { subscribers: { billing: { ...billing, format: "maxwell" }, search } },
    /subscribers\.billing\.format: "maxwell" instead of "envelope"; messages that wait stay in the former format/,
  ],
  [
    "a format that only a new library reads",
    { subscribers: { billing: { ...billing, format: "compact" }, search } },
    /"compact" instead of "envelope"; .* read both, which for "compact" needs the client library of this release/,
  ],
  [
    "otherUsers",
    { otherUsers: "staging" },
    /otherUsers: changes of users in no environment go to staging instead of unrouted/,
  ],
  [
    "users",
    { environments: { production, staging, test: { users: [] } } },
    /environments\.test\.users: \[\] instead of \[app_test\]/,
  ],
  [
    "visibilitySeconds",
    { subscribers: { billing: { ...billing, visibilitySeconds: 5 }, search } },
    /subscribers\.billing\.visibilitySeconds: 5 instead of 60; a message that is being handled keeps/,
  ],
  [
    "maxReceives",
    { subscribers: { billing: { ...billing, maxReceives: 3 }, search } },
    /subscribers\.billing\.maxReceives: 3 instead of 10; .* received 3 times already goes to the dead-letter queue/,
  ],
  [
    "consumers",
    { environments: { production: { ...production, consumers: [ROLE] }, staging, test: third } },
    /environments\.production\.consumers: \[arn:\S*role\/one\] instead of whoever IAM allows; /,
  ],
  [
    "operators",
    { operators: [ROLE] },
    /operators: \[arn:\S*role\/one\] instead of \[\]; messages that wait stay/,
  ],
  [
    "payloadDays",
    { retention: { payloadDays: 28 } },
    /retention\.payloadDays: .* 28 days instead of 30; S3 deletes those that are older/,
  ],
  [
    "restoredTables",
    { restoredTables: { offsets: "off", sessions: "ses", failures: "fai" } },
    /restoredTables: the parts work with off, ses, fai instead of the stack's own; .* frames in the raw queue/,
  ],
])("the plan describes a change of %s", (_, changed, words) => {
  const texts = stepsTo(exampleConfiguration(changed), deployed).map(({ text }) => text);
  expect(texts).toContainEqual(expect.stringMatching(words));
});

test("an environment that is removed with its consumers opens the payloads of its messages", () => {
  const closed = { production: { ...production, consumers: [ROLE] }, staging, test: third };
  const before = deployedOf(JSON.stringify(exampleTemplate({ environments: closed }).toJSON()));
  const textsOf = (left: object) =>
    stepsTo(exampleConfiguration({ environments: left }), before).map(({ text }) => text);
  const opened = /^environments\.production is removed with its consumers: .*large payloads/;
  expect(textsOf({ staging, test: third })).toContainEqual(expect.stringMatching(opened));
  expect(textsOf({ production: closed.production, staging }).join("\n")).not.toContain(
    "is removed",
  );
});

test("a role of the app that is granted a queue does not count as a configured consumer", () => {
  const closed = { production: { ...production, consumers: [ROLE] }, staging, test: third };
  const granted = exampleTemplate({ environments: closed }, (stack) => {
    const role = Role.fromRoleArn(stack, "Granted", `${ROLE}-granted`);
    stack.router.queue("billing", "production").grantConsume(role);
  }).toJSON();
  expect(JSON.stringify(granted)).toContain(`${ROLE}-granted`);
  const before = deployedOf(JSON.stringify(granted));
  expect(
    stepsTo(exampleConfiguration({ environments: closed }), before).map(({ kind }) => kind),
  ).toEqual(["keeps"]);
});

test("the next change is compared with the last deployed one", () => {
  const changed = {
    environments: { production: { ...production, consumers: [ROLE] }, staging, test: third },
    subscribers: { billing: { ...billing, visibilitySeconds: 5, maxReceives: 3 }, search },
    operators: [`${ROLE}-operator`],
    retention: { payloadDays: 90 },
    restoredTables: { offsets: "off", sessions: "ses", failures: "fai" },
  };
  const before = deployedOf(JSON.stringify(exampleTemplate(changed).toJSON()));
  expect(stepsTo(exampleConfiguration(changed), before).map(({ kind }) => kind)).toEqual(["keeps"]);
  expect(stepsTo(exampleConfiguration(), before).map(({ what }) => what)).toEqual([
    "",
    "subscribers.billing.visibilitySeconds",
    "subscribers.billing.maxReceives",
    "environments.production.consumers",
    "operators",
    "retention.payloadDays",
    "restoredTables",
  ]);
});

test("a queue that is left behind loses messages when their payloads are deleted before them", () => {
  const changed = {
    environments: { production, staging },
    retention: { queueDays: 14, payloadDays: 28 },
  };
  const roomy = deployedOf(
    JSON.stringify(exampleTemplate({ retention: { payloadDays: 90 } }).toJSON()),
  );
  expect(stepsTo(exampleConfiguration(changed), roomy).filter(losing)).toEqual([]);
  const shorter = { ...changed, retention: { queueDays: 2, payloadDays: 20 } };
  const lost = stepsTo(exampleConfiguration(shorter), roomy).filter(
    (step) => losing(step) && step.text.includes("after which S3 deletes their large payloads"),
  );
  expect(lost.map(({ what }) => what).sort()).toEqual([
    "shop-billing-test-dead.fifo",
    "shop-search-test-dead.fifo",
  ]);
});

function losing({ losesMessages }: Step): boolean {
  return losesMessages;
}

test("the plan of a deployment without changes only says that all queues are kept", () => {
  expect(stepsTo(exampleConfiguration(), deployed).map(({ kind }) => kind)).toEqual(["keeps"]);
});

test("a template that is not of binlog-router is refused", () => {
  expect(() => deployedOf("Resources: {}")).toThrow(/CDK did not write/);
  expect(() => deployedOf('{"Resources":{}}')).toThrow(/is it a stack of binlog-router/);
});

test("the stack is protected against its deletion", () => {
  let isProtected: boolean | undefined;
  exampleTemplate({}, (stack) => (isProtected = stack.terminationProtection));
  expect(isProtected).toBe(true);
});
