import { expect, test } from "vitest";
import { differingAttribute } from "../../../sqs/queues/queue-attributes.ts";

const policy = (maxReceiveCount: unknown) =>
  JSON.stringify({
    deadLetterTargetArn: "arn:aws:sqs:us-east-1:000000000000:dead",
    maxReceiveCount,
  });

test("a repeated creation compares only the attributes that it names, by their meaning", () => {
  const present = { VisibilityTimeout: "30", DelaySeconds: "0", RedrivePolicy: policy(3) };
  expect(differingAttribute(present, {})).toBeUndefined();
  expect(differingAttribute(present, { VisibilityTimeout: "30" })).toBeUndefined();
  expect(differingAttribute(present, { VisibilityTimeout: "31" })).toBe("VisibilityTimeout");
  const reordered = JSON.stringify(
    Object.fromEntries(Object.entries(JSON.parse(policy("3")) as object).reverse()),
  );
  expect(differingAttribute(present, { RedrivePolicy: reordered })).toBeUndefined();
  expect(differingAttribute(present, { RedrivePolicy: policy(4) })).toBe("RedrivePolicy");
});
