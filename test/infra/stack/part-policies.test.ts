import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { actionsIn, reachedFrom } from "../../support/repository/sdk-actions.ts";
import { EVERYTHING, exampleTemplate } from "../../support/example-stack.ts";
import { IamEvaluator } from "../../support/iam-evaluator.ts";

// Each part's role allows the SDK commands in the files that the part imports, and nothing else but
// what AWS's services do for it.

const LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"];
const KEY = [
  "Decrypt",
  "DescribeKey",
  "Encrypt",
  "GenerateDataKey",
  "ReEncryptFrom",
  "ReEncryptTo",
];
const INTERFACES = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];
/** S3 tells only those who may list a bucket that an object does not exist. */
const ABSENCE = "s3:ListBucket";
/** CDK's `grantRead` adds it; it shows a secret's description, not its value. */
const DESCRIBED = "secretsmanager:DescribeSecret";
/** What Lambda does with a function's role at the queue that feeds it. */
const FED = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"].map(
  (action) => `sqs:${action}`,
);
const KMS = KEY.map((action) => `kms:${action}`);

interface Part {
  readonly entry: string;
  readonly role: RegExp;
  /** Allowed without a call in the code. */
  readonly besides: readonly string[];
  /** In a file that the part imports, and called by another part only. */
  readonly notCalled?: readonly string[];
}

const PARTS: readonly Part[] = [
  {
    entry: "reader/main.ts",
    role: /^ReaderTaskTaskRole/,
    besides: [ABSENCE, DESCRIBED, ...KMS],
  },
  {
    entry: "functions/main/route.ts",
    role: /^RouteFunctionRole/,
    besides: [...LOGS, ...FED, "sqs:ReceiveMessage", ABSENCE, ...KMS],
    notCalled: ["dynamodb:Query"],
  },
  {
    entry: "functions/main/retry.ts",
    role: /^RetryFunctionRole/,
    besides: [...LOGS, ABSENCE, ...KMS],
  },
  {
    entry: "functions/main/canary.ts",
    role: /^CanaryFunctionRole/,
    besides: [...LOGS, ...INTERFACES, DESCRIBED, "kms:Decrypt"],
  },
];

let template: Template;
beforeAll(() => {
  template = exampleTemplate(EVERYTHING);
});

describe.each(PARTS)("the role of $entry", ({ entry, role, besides, notCalled = [] }) => {
  const calls = [...actionsIn(reachedFrom(entry))].filter((call) => !notCalled.includes(call));

  it("allows the calls of its code, and nothing without a call but what is listed", () => {
    const [id = ""] = Object.keys(template.findResources("AWS::IAM::Role")).filter((one) =>
      role.test(one),
    );
    const statements = new IamEvaluator(template).ofRole(id);
    expect(statements.filter(({ Effect }) => Effect !== "Allow")).toEqual([]);
    const allowed = new Set(statements.flatMap(({ Action = [] }) => Action));
    expect(calls.length).toBeGreaterThan(1);
    expect([...allowed].sort()).toEqual([...new Set([...calls, ...besides])].sort());
  });
});

it("the role that starts the reader's tasks pulls the image and writes the log", () => {
  const [id = ""] = Object.keys(template.findResources("AWS::IAM::Role")).filter((one) =>
    one.startsWith("ReaderTaskExecutionRole"),
  );
  const allowed = new IamEvaluator(template).ofRole(id).flatMap(({ Action = [] }) => Action);
  expect(allowed.sort()).toEqual([
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    ...LOGS,
  ]);
});
