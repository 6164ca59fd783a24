import { beforeAll, expect, test } from "vitest";
import type { Template } from "aws-cdk-lib/assertions";
import { deployedOf, type Deployed } from "../../../operator/commands/plan/deployed.ts";
import { stepsTo, type Step } from "../../../operator/commands/plan/steps.ts";
import {
  exampleConfiguration,
  exampleObject,
  exampleTemplate,
} from "../../support/example-stack.ts";

// What `plan` says of a change, beside what CloudFormation would do to the queues: it deletes those
// that are no longer in the template, and those that another name replaces.

const example = exampleObject() as {
  readonly environments: Record<string, object>;
  readonly subscribers: Record<"billing" | "search", object>;
  readonly source: object;
};
const { production, staging, test: third } = example.environments;
const { billing, search } = example.subscribers;

const CHANGES: readonly (readonly [title: string, changed: Record<string, unknown>])[] = [
  ["nothing", {}],
  ["an environment more", { environments: { ...example.environments, demo: { users: ["d"] } } }],
  ["an environment less", { environments: { production, staging } }],
  ["an environment renamed", { environments: { production, staging, testing: third } }],
  ["an environment without users", { environments: { production, staging, test: { users: [] } } }],
  ["another user", { environments: { production, staging, test: { users: ["app_other"] } } }],
  ["a subscriber more", { subscribers: { billing, search, audit: { tables: ["shop.*"] } } }],
  ["a subscriber less", { subscribers: { billing } }],
  ["a subscriber renamed", { subscribers: { billing, find: search } }],
  [
    "a subscriber in fewer environments",
    { subscribers: { billing, search: { ...search, environments: ["production"] } } },
  ],
  ["other users dropped", { otherUsers: "drop" }],
  ["other users in staging", { otherUsers: "staging" }],
  ["messages kept for a week", { retention: { queueDays: 7 } }],
  ["payloads kept for longer", { retention: { payloadDays: 90 } }],
  ["four lanes", { lanes: 4 }],
  ["another grouping", { subscribers: { billing: { ...billing, groupBy: "key" }, search } }],
  ["another format", { subscribers: { billing: { ...billing, format: "maxwell" }, search } }],
  ["other tables", { subscribers: { billing: { tables: ["shop.orders"] }, search } }],
  [
    "another visibility timeout",
    { subscribers: { billing: { ...billing, visibilitySeconds: 5 }, search } },
  ],
  ["another database", { source: { ...example.source, host: "other.example.com" } }],
  ["other thresholds", { alarms: { lagSeconds: 5 } }],
];

let template: Template;
let deployed: Deployed;
beforeAll(() => {
  template = exampleTemplate();
  deployed = deployedOf(JSON.stringify(template.toJSON()));
});

/** The properties of each queue, by its logical id. */
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

/** Names in the first map that do not come again under the same logical id in the second. */
function gone(
  before: Map<string, Record<string, unknown>>,
  after: Map<string, Record<string, unknown>>,
): string[] {
  return [...before]
    .filter(([id, { QueueName }]) => after.get(id)?.["QueueName"] !== QueueName)
    .map(([, { QueueName }]) => String(QueueName))
    .sort();
}

test.each(CHANGES)("%s: what is said of the queues is what happens to them", (_, changed) => {
  const steps = stepsTo(exampleConfiguration(changed), deployed);
  const [before, after] = [queuesOf(template), queuesOf(exampleTemplate(changed))];
  expect(named(steps, "deletes")).toEqual(gone(before, after));
  expect(named(steps, "creates")).toEqual(gone(after, before));
  // SQS deletes messages of a queue that goes, or whose retention is lowered.
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
    [...gone(before, after), ...lowered.map(([, { QueueName }]) => String(QueueName))].sort(),
  );
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
    "otherUsers",
    { otherUsers: "staging" },
    /otherUsers: changes of users in no environment go to staging instead of unrouted/,
  ],
  [
    "users",
    { environments: { production, staging, test: { users: [] } } },
    /environments\.test\.users: \[\] instead of \[app_test\]/,
  ],
])("a change of %s is put into words", (_, changed, words) => {
  const texts = stepsTo(exampleConfiguration(changed), deployed).map(({ text }) => text);
  expect(texts).toContainEqual(expect.stringMatching(words));
});

test("a deployment that changes nothing keeps all queues, and that is all", () => {
  expect(stepsTo(exampleConfiguration(), deployed).map(({ kind }) => kind)).toEqual(["keeps"]);
});

test("a template of something else is refused", () => {
  expect(() => deployedOf("Resources: {}")).toThrow(/not one that CDK writes/);
  expect(() => deployedOf('{"Resources":{}}')).toThrow(/is it of binlog-router/);
});

test("the stack is protected against its deletion", () => {
  let isProtected: boolean | undefined;
  exampleTemplate({}, (stack) => (isProtected = stack.terminationProtection));
  expect(isProtected).toBe(true);
});
