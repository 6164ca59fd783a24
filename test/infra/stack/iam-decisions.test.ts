import { describe, expect, test } from "vitest";
import { decide, type Decision, type Policies } from "../../support/iam/decide.ts";
import {
  arnMatches,
  globMatches,
  type Caller,
  type Request,
  type Statement,
} from "../../support/iam/policy.ts";

// The evaluator that decides who may read rows, against what AWS documents:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and the
// pages of the elements that the titles name.

const ROLE = "arn:aws:iam::111122223333:role/billing";
const SESSION = "arn:aws:sts::111122223333:assumed-role/billing/task-1";
const ROOT = "arn:aws:iam::111122223333:root";
const QUEUE = "arn:aws:sqs:eu-central-1:111122223333:shop-billing-staging.fifo";
const OTHERS = "arn:aws:iam::111122223333:role/somebody";

const allow: Statement = { Effect: "Allow", Action: "sqs:ReceiveMessage", Resource: QUEUE };
const deny: Statement = { ...allow, Effect: "Deny" };
const ofQueue = { ...allow, Principal: { AWS: ROLE } };
const ofAccount = { ...allow, Principal: { AWS: ROOT } };

function decided(policies: Partial<Policies>, asked: Partial<Request> = {}): Decision {
  return decide(
    { identity: [], resource: [], ...policies },
    {
      caller: { arn: ROLE },
      action: "sqs:ReceiveMessage",
      resource: QUEUE,
      context: {},
      ...asked,
    },
  );
}

describe("Allow and Deny in the account of the resource", () => {
  test.each<[string, Partial<Policies>, Decision]>([
    ["no statement at all", {}, "not allowed"],
    ["an Allow of the caller's own", { identity: [allow] }, "allowed"],
    ["an Allow of the resource for the caller", { resource: [ofQueue] }, "allowed"],
    [
      "an Allow of the resource for another role",
      { resource: [{ ...ofQueue, Principal: { AWS: OTHERS } }] },
      "not allowed",
    ],
    [
      "an Allow of the resource for the account, which leaves it to IAM",
      { resource: [ofAccount] },
      "not allowed",
    ],
    ["both of them", { identity: [allow], resource: [ofAccount] }, "allowed"],
    [
      "a Deny of the caller's own, and an Allow of the resource",
      { identity: [deny], resource: [ofQueue] },
      "denied",
    ],
    [
      "a Deny of the resource, and an Allow of the caller's own",
      { identity: [allow], resource: [{ ...deny, Principal: "*" }] },
      "denied",
    ],
    [
      "a Deny for another role",
      { identity: [allow], resource: [{ ...deny, Principal: { AWS: OTHERS } }] },
      "allowed",
    ],
    [
      "a Deny for the account",
      { identity: [allow], resource: [{ ...deny, Principal: { AWS: "111122223333" } }] },
      "denied",
    ],
  ])("%s", (_, policies, decision) => {
    expect(decided(policies)).toBe(decision);
  });
});

test.each<[string, Partial<Policies>, Decision]>([
  ["needs an Allow of both sides: only the caller's", { identity: [allow] }, "not allowed"],
  ["needs an Allow of both sides: only the resource's", { resource: [ofQueue] }, "not allowed"],
  ["is allowed by both", { identity: [allow], resource: [ofQueue] }, "allowed"],
])("a resource of another account %s", (_, policies, decision) => {
  expect(decided({ ...policies, relation: "foreign" })).toBe(decision);
});

test.each<[string, Partial<Policies>, Decision]>([
  ["the caller's policies do not suffice", { identity: [allow] }, "not allowed"],
  ["its policy suffices, where it names the caller", { resource: [ofQueue] }, "allowed"],
  ["its policy leaves it to IAM, which allows nothing", { resource: [ofAccount] }, "not allowed"],
  [
    "its policy leaves it to IAM, which allows it",
    { identity: [allow], resource: [ofAccount] },
    "allowed",
  ],
])("a KMS key: %s", (_, policies, decision) => {
  expect(decided({ ...policies, relation: "key" })).toBe(decision);
});

describe("elements that say not", () => {
  test.each<[string, Statement, Decision]>([
    [
      "NotAction allows every other action",
      { Effect: "Allow", NotAction: "sqs:PurgeQueue", Resource: "*" },
      "allowed",
    ],
    [
      "NotAction does not allow its own",
      { Effect: "Allow", NotAction: "sqs:Receive*", Resource: "*" },
      "not allowed",
    ],
    [
      "NotAction of a Deny denies every other action",
      { Effect: "Deny", NotAction: "sqs:PurgeQueue", Resource: "*" },
      "denied",
    ],
    [
      "NotResource allows every other resource",
      { Effect: "Allow", Action: "*", NotResource: `${QUEUE}x` },
      "allowed",
    ],
    [
      "NotResource does not allow its own",
      { Effect: "Allow", Action: "*", NotResource: QUEUE },
      "not allowed",
    ],
  ])("%s", (_, statement, decision) => {
    expect(decided({ identity: [statement] })).toBe(decision);
  });

  const session: Caller = { arn: ROLE, sessionArn: SESSION };
  test.each<[string, Caller, string[], Decision]>([
    ["denies a role that is not listed", { arn: ROLE }, [OTHERS, ROOT], "denied"],
    ["denies a role that is listed without its account", { arn: ROLE }, [ROLE], "denied"],
    ["spares a role that is listed with its account", { arn: ROLE }, [ROLE, ROOT], "allowed"],
    ["denies a session whose role is listed without it", session, [ROLE, ROOT], "denied"],
    [
      "spares a session that is listed with role and account",
      session,
      [SESSION, ROLE, ROOT],
      "allowed",
    ],
  ])("a Deny with NotPrincipal %s", (_, caller, listed, decision) => {
    const { Effect, Action, Resource } = deny;
    const statement = { Effect, Action, Resource, NotPrincipal: { AWS: listed } } as Statement;
    expect(decided({ identity: [allow], resource: [statement] }, { caller })).toBe(decision);
  });
});

describe("names", () => {
  test("an action is the same in any case", () => {
    expect(decided({ identity: [{ ...allow, Action: "SQS:receivemessage" }] })).toBe("allowed");
  });

  test("a resource is not", () => {
    expect(decided({ identity: [{ ...allow, Resource: QUEUE.toUpperCase() }] })).toBe(
      "not allowed",
    );
  });

  test.each([
    ["sqs:*", "sqs:SendMessage", true],
    ["s3:*Object*", "s3:GetObjectVersion", true],
    ["s3:Get?bject", "s3:GetObject", true],
    ["s3:Get?bject", "s3:Getbject", false],
    ["a.c", "abc", false],
    ["a[b]*", "a[b]c", true],
  ])("the pattern %s and the text %s", (pattern, text, isMatch) => {
    expect(globMatches(pattern, text)).toBe(isMatch);
  });

  test.each([
    ["arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/path/billing", true],
    ["arn:aws:iam::*:role/billing", "arn:aws:iam::111122223333:role/billing", true],
    // An asterisk in ArnLike stays within its part.
    ["arn:aws:*:role/billing", "arn:aws:iam::111122223333:role/billing", false],
    ["arn:aws:sqs:*:*:a:b", "arn:aws:sqs:eu-central-1:1:a:b", true],
  ])("the ARN pattern %s and the ARN %s", (pattern, arn, isMatch) => {
    expect(arnMatches(pattern, arn)).toBe(isMatch);
  });

  test("a principal is no pattern", () => {
    const some = { ...allow, Principal: { AWS: "arn:aws:iam::111122223333:role/*" } };
    expect(decided({ resource: [some] })).toBe("not allowed");
  });

  test("a service is not a principal of the account", () => {
    const caller = { arn: "", service: "cloudwatch.amazonaws.com" };
    const named = { ...allow, Principal: { Service: "cloudwatch.amazonaws.com" } };
    expect(decided({ resource: [named] }, { caller })).toBe("allowed");
    expect(decided({ resource: [{ ...allow, Principal: { AWS: "*" } }] }, { caller })).toBe(
      "not allowed",
    );
    expect(decided({ resource: [named] })).toBe("not allowed");
  });
});

describe("conditions", () => {
  const PATH = "arn:aws:iam::111122223333:role/teams/billing";
  const exempt = { "aws:PrincipalArn": [ROLE, OTHERS] };
  test.each<[string, Statement["Condition"], Partial<Request>, boolean]>([
    [
      "one of several values suffices",
      { StringEquals: { k: ["a", "b"] } },
      { context: { k: "b" } },
      true,
    ],
    [
      "all keys have to hold",
      { StringEquals: { k: "a", l: "b" } },
      { context: { k: "a", l: "c" } },
      false,
    ],
    [
      "all operators have to hold",
      { StringEquals: { k: "a" }, Bool: { b: "true" } },
      { context: { k: "a", b: "false" } },
      false,
    ],
    [
      "keys are the same in any case",
      { StringEquals: { "AWS:SourceAccount": "1" } },
      { context: { "aws:sourceaccount": "1" } },
      true,
    ],
    ["a missing key fails", { StringEquals: { k: "a" } }, {}, false],
    [
      "a missing key holds when the comparison is negated",
      { StringNotEquals: { k: "a" } },
      {},
      true,
    ],
    ["a missing key holds with IfExists", { StringEqualsIfExists: { k: "a" } }, {}, true],
    ["Null asks for a missing key", { Null: { k: "true" } }, {}, true],
    ["Null asks for a present key", { Null: { k: "false" } }, {}, false],
    [
      "a negated comparison fails for any of its values",
      { StringNotEquals: { k: ["a", "b"] } },
      { context: { k: "b" } },
      false,
    ],
    ["ArnNotEquals spares a listed role", { ArnNotEquals: exempt }, {}, false],
    ["ArnNotEquals meets another role", { ArnNotEquals: exempt }, { caller: { arn: PATH } }, true],
    // The key has the role's ARN, not that of the session.
    [
      "ArnNotEquals spares a session of a listed role",
      { ArnNotEquals: exempt },
      { caller: { arn: ROLE, sessionArn: SESSION } },
      false,
    ],
    [
      "ArnNotEquals meets a session that is listed by its own ARN",
      { ArnNotEquals: { "aws:PrincipalArn": SESSION } },
      { caller: { arn: ROLE, sessionArn: SESSION } },
      true,
    ],
    [
      "ArnNotEquals meets a service, which has no ARN",
      { ArnNotEquals: exempt },
      { caller: { arn: "", service: "sns.amazonaws.com" } },
      true,
    ],
    [
      "ArnEquals takes patterns like ArnLike",
      { ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::*:role/b*" } },
      {},
      true,
    ],
    [
      "numbers are compared as numbers",
      { NumericLessThan: { "s3:TlsVersion": 1.2 } },
      { context: { "s3:TlsVersion": "1.10" } },
      true,
    ],
  ])("%s", (_, Condition, asked, isHeld) => {
    const statement = { Effect: "Deny", Action: "*", Resource: "*", Principal: "*", Condition };
    const service = { ...statement, Principal: { Service: "sns.amazonaws.com", AWS: "*" } };
    expect(decided({ resource: [service as Statement] }, asked)).toBe(
      isHeld ? "denied" : "not allowed",
    );
  });

  test("a condition that is not known ends the evaluation", () => {
    const Condition = { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } };
    expect(() => decided({ identity: [{ ...allow, Condition }] })).toThrow(/IpAddress/);
  });
});
