import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it, test } from "vitest";
import { exampleTemplate } from "../../support/example-stack.ts";
import { decide } from "../../support/iam/decide.ts";
import { IamEvaluator } from "../../support/iam-evaluator.ts";
import { actionsIn, reachedFrom } from "../../support/repository/sdk-actions.ts";

// For each operator command, docs/deploying.md names a policy. That policy must allow every SDK
// command in the files that the operator command imports.

const OPERATORS = "Runs the operators' commands for the source shop";
const TRACING = "Traces and replays changes of the source shop";

/** Calls that need no policy, or that a command imports but does not make on a deployed stack. */
const WITHOUT_POLICY: Readonly<Record<string, string>> = {
  "dynamodb:DescribeTable": "only the reader asks when its table was made",
  "sqs:DeleteQueue": "for those who deploy: queues -- discard",
  "sts:GetCallerIdentity": "everybody may",
};
const OF_THE_LOCAL_STACK = "sqs:ListQueues";

let template: Template;
beforeAll(() => {
  template = exampleTemplate({
    subscribers: { billing: { tables: ["shop.*"], columns: { exclude: ["shop.orders.note"] } } },
  });
});

interface Tag {
  readonly Key: string;
  readonly Value: string;
}
const TAG = "binlog-router:source";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

function statementsOf(description: string): Statement[] {
  return Object.values(
    template.findResources("AWS::IAM::ManagedPolicy", { Properties: { Description: description } }),
  ).flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

/** What a managed policy allows or denies, each as "action resource". */
function decided(description: string, effect: "Allow" | "Deny"): string[] {
  return statementsOf(description)
    .filter(({ Effect }) => Effect === effect)
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          [Resource].flat().map((resource) => `${action} ${IamEvaluator.textOf(resource)}`),
        ),
    );
}

const allowed = (description: string): string[] => decided(description, "Allow");
const actionsAllowed = (description: string): Set<string> =>
  new Set(allowed(description).map((one) => one.slice(0, one.indexOf(" "))));

/** The calls of some commands that need a permission. */
function callsOf(...commands: string[]): string[] {
  const files = commands.flatMap((name) => [
    ...reachedFrom(`operator/commands/${name}/${name}.ts`),
  ]);
  return [...actionsIn(files)].filter((action) => !Object.hasOwn(WITHOUT_POLICY, action));
}

const OPERATED = ["failures", "offsets", "plan", "snapshot", "queues"];
const TRACED = ["explain", "tail", "replay"];

describe("the operators' policy", () => {
  it.each(OPERATED)("allows what %s does", (name) => {
    const actions = callsOf(name);
    expect(actions.length).toBeGreaterThan(3);
    const permitted = actionsAllowed(OPERATORS);
    expect(actions.filter((action) => !permitted.has(action))).toEqual([]);
  });

  it("allows nothing that no command does", () => {
    const called = new Set([...callsOf(...OPERATED), "s3:ListBucket"]);
    expect([...actionsAllowed(OPERATORS)].filter((action) => !called.has(action))).toEqual([]);
  });

  it("reads no secret, and no message but dead frames", () => {
    const all = allowed(OPERATORS);
    expect(all.filter((one) => one.startsWith("secretsmanager:"))).toEqual([]);
    expect(all.filter((one) => /^sqs:(Receive|Send|Delete|Purge)/.test(one))).toEqual([
      expect.stringMatching(/^sqs:DeleteMessage <RawDeadLetterQueue/),
      expect.stringMatching(/^sqs:ReceiveMessage <RawDeadLetterQueue/),
    ]);
  });
});

describe("the policy for tracing", () => {
  it.each(TRACED)("allows what %s does", (name) => {
    const actions = callsOf(name);
    expect(actions.length).toBeGreaterThan(3);
    const permitted = new Set([...actionsAllowed(TRACING), OF_THE_LOCAL_STACK]);
    expect(actions.filter((action) => !permitted.has(action))).toEqual([]);
  });

  it("allows nothing that no command does", () => {
    const called = new Set([...callsOf(...TRACED), "s3:ListBucket"]);
    expect([...actionsAllowed(TRACING)].filter((action) => !called.has(action))).toEqual([]);
  });

  it("writes an order of a replay and its messages, and nothing else", () => {
    const writes = allowed(TRACING).filter((one) =>
      /:(Put|Update|Delete|Send|Batch[^G])/.test(one),
    );
    expect(
      writes.map((one) => one.replace(/ .*?(Offsets|messages|shop-\*).*/, " $1")).sort(),
    ).toEqual([
      "dynamodb:PutItem Offsets",
      "dynamodb:UpdateItem Offsets",
      "s3:PutObject messages",
      "sqs:SendMessage shop-*",
    ]);
  });

  it("sends to this source's environment queues, not to those of shop-eu", () => {
    const identity = new IamEvaluator(template).ofManagedPolicy(TRACING);
    const mayReplayTo = (name: string, tags: readonly Tag[]): boolean =>
      decide(
        { identity, resource: [] },
        {
          caller: { arn: "arn:aws:iam::111122223333:role/operator" },
          action: "sqs:SendMessage",
          resource: `arn:aws:sqs:eu-central-1:111122223333:${name}`,
          context: Object.fromEntries(
            tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value]),
          ),
        },
      ) === "allowed";
    const tagsOf = (name: string): Tag[] =>
      Object.values(
        template.findResources("AWS::SQS::Queue", { Properties: { QueueName: name } }),
      ).flatMap(({ Properties }) => Properties.Tags as Tag[]);
    const own = "shop-billing-staging.fifo";
    expect(mayReplayTo(own, tagsOf(own))).toBe(true);
    expect(mayReplayTo("shop-eu-billing-staging.fifo", [{ Key: TAG, Value: "shop-eu" }])).toBe(
      false,
    );
    expect(mayReplayTo("shop-of-another-team.fifo", [])).toBe(false);
  });

  it("may not write frames, although their queue's name begins like the others", () => {
    expect(decided(TRACING, "Deny")).toEqual([
      expect.stringMatching(/^sqs:SendMessage <RawDeadLetterQueue\w+\.Arn>$/),
      expect.stringMatching(/^sqs:SendMessage <RawQueue\w+\.Arn>$/),
    ]);
  });
});

test("both policies have room for longer names", () => {
  for (const { Properties } of Object.values(template.findResources("AWS::IAM::ManagedPolicy"))) {
    expect(JSON.stringify(Properties.PolicyDocument).length).toBeLessThan(5000);
  }
});
