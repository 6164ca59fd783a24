import { Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { ItemAction } from "./grants.ts";

export function allow(
  actions: readonly string[],
  resources: string | readonly string[],
): PolicyStatement {
  return new PolicyStatement({ actions: [...actions], resources: [resources].flat() });
}

export function items(actions: readonly ItemAction[], table: string): PolicyStatement {
  return allow(
    actions.map((action) => `dynamodb:${action}`),
    table,
  );
}

/**
 * The common ARN pattern of a source's queues; a policy has no room for the ARN of each queue. It
 * also matches the queues of a source whose name begins like this one's: only `SOURCE_TAG` tells
 * them apart.
 */
export function queuesOf(stack: Stack, source: string): string {
  return stack.formatArn({ service: "sqs", resource: `${source}-*` });
}

/** Gives the reason why a policy names queues by `queuesOf`. */
export function acknowledgeQueues(policy: IConstruct, source: string, reason: string): void {
  const stack = Stack.of(policy);
  const { account, region, partition } = stack;
  const shown = [partition, region, account].map((part) => stack.resolve(part) as unknown);
  const [where, there, whose] = shown.map((part) =>
    typeof part === "string" ? part : `<${(part as { Ref: string }).Ref}>`,
  );
  acknowledge(policy, `IAM5[Resource::arn:${where}:sqs:${there}:${whose}:${source}-*]`, reason);
}
