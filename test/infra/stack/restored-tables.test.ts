import { Annotations, Match } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { exampleTemplate } from "../../support/example-stack.ts";

const RESTORED = {
  offsets: "shop-offsets-2",
  sessions: "shop-sessions-2",
  failures: "shop-failures-2",
};

interface Resource {
  readonly Type: string;
  readonly Properties: unknown;
}

test("every part works with the restored tables, and the stack's own tables stay as they are", () => {
  const own = exampleTemplate();
  const restored = exampleTemplate({ restoredTables: RESTORED });
  expect(restored.findResources("AWS::DynamoDB::Table")).toEqual(
    own.findResources("AWS::DynamoDB::Table"),
  );
  const resources = restored.toJSON()["Resources"] as Record<string, Resource>;
  const ids = Object.keys(restored.findResources("AWS::DynamoDB::Table"));
  const naming = Object.entries(resources).filter(
    ([id, { Properties }]) =>
      !ids.includes(id) && ids.some((one) => JSON.stringify(Properties).includes(one)),
  );
  expect(naming).toEqual([]);
  for (const [output, name] of [
    ["OffsetsTable", RESTORED.offsets],
    ["SessionsTable", RESTORED.sessions],
    ["FailuresTable", RESTORED.failures],
  ]) {
    expect(restored.findOutputs(String(output))).toEqual({ [String(output)]: { Value: name } });
  }
  const policies = JSON.stringify(restored.findResources("AWS::IAM::Policy"));
  for (const name of Object.values(RESTORED)) expect(policies).toContain(`table/${name}"`);
  expect(policies).toContain(`table/${RESTORED.failures}/index/due"`);
});

test.each([
  [{ operators: [] }, 0],
  [{ operators: ["arn:aws:iam::111122223333:role/operator"] }, 1],
])("whoever deploys is told to copy the policies where tables are closed: %j", (closed, times) => {
  let warnings: readonly unknown[] = [];
  exampleTemplate({ ...closed, restoredTables: RESTORED }, (stack) => {
    const message = Match.stringLikeRegexp("cannot set the policies of restoredTables");
    warnings = Annotations.fromStack(stack).findWarning("*", message);
  });
  expect(warnings).toHaveLength(times);
});
