import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it, test } from "vitest";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { exampleTemplate } from "../../support/example-stack.ts";
import { IamEvaluator } from "../../support/iam-evaluator.ts";
import { importsOf } from "../../support/repository/imports.ts";

// For each operator command, docs/deploying.md names a policy. That policy must allow every SDK
// command in the files that the operator command imports.

const OPERATORS = "Runs the operators' commands for the source shop";
const TRACING = "Traces and replays changes of the source shop";

/** Calls that need no policy, or that a command imports but does not make on a deployed stack. */
const WITHOUT_POLICY: Readonly<Record<string, string>> = {
  DescribeTable: "only the reader asks when its table was made",
  DeleteQueue: "for those who deploy: queues -- discard",
  GetCallerIdentity: "everybody may",
};
const OF_THE_LOCAL_STACK = "ListQueues";

const SERVICES: Readonly<Record<string, string>> = {
  "client-cloudformation": "cloudformation",
  "client-dynamodb": "dynamodb",
  "client-s3": "s3",
  "client-secrets-manager": "secretsmanager",
  "client-sqs": "sqs",
  "client-sts": "sts",
};

const imports = Map.groupBy(importsOf(REPOSITORY_ROOT), ({ from }) => from);

/** The files that a file imports, directly and indirectly. */
function reachedFrom(file: string, reached = new Set<string>()): Set<string> {
  if (reached.has(file) || !existsSync(join(REPOSITORY_ROOT, file))) return reached;
  reached.add(file);
  for (const { to } of imports.get(file) ?? []) reachedFrom(to, reached);
  return reached;
}

/** The IAM actions of the SDK commands in these files. */
function actionsIn(files: Iterable<string>): Set<string> {
  const actions = new Set<string>();
  for (const file of files) {
    if (!/^(operator|functions|reader|wire|config)\//.test(file)) continue;
    const text = readFileSync(join(REPOSITORY_ROOT, file), "utf8");
    for (const [, names = "", client = ""] of text.matchAll(
      /import (?:type )?\{([^}]*)\} from "@aws-sdk\/(client-[a-z0-9-]+)"/g,
    )) {
      for (const [, command, pages] of names.matchAll(/\b([A-Z]\w+)Command\b|\bpaginate(\w+)/g)) {
        const name = (command ?? pages ?? "").replace(/^SendMessageBatch$/, "SendMessage");
        if (Object.hasOwn(WITHOUT_POLICY, name)) continue;
        actions.add(`${SERVICES[client]}:${name}`);
      }
    }
  }
  return actions;
}

let template: Template;
beforeAll(() => {
  template = exampleTemplate({
    subscribers: { billing: { tables: ["shop.*"], columns: { exclude: ["shop.orders.note"] } } },
  });
});

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

describe("the operators' policy", () => {
  it.each(["failures", "offsets", "plan", "snapshot", "queues"])("allows what %s does", (name) => {
    const actions = actionsIn(reachedFrom(`operator/commands/${name}/${name}.ts`));
    expect(actions.size).toBeGreaterThan(3);
    const permitted = actionsAllowed(OPERATORS);
    expect([...actions].filter((action) => !permitted.has(action))).toEqual([]);
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
  it.each(["explain", "tail", "replay"])("allows what %s does", (name) => {
    const actions = actionsIn(reachedFrom(`operator/commands/${name}/${name}.ts`));
    expect(actions.size).toBeGreaterThan(3);
    const permitted = actionsAllowed(TRACING);
    expect(
      [...actions].filter(
        (action) => !permitted.has(action) && action !== `sqs:${OF_THE_LOCAL_STACK}`,
      ),
    ).toEqual([]);
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
