import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { awsClients } from "@binlog-router/local-aws/clients";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { stackQueues } from "../../../../../operator/commands/queues/stack-queues.ts";
import { synthesize } from "../../../../../infra/local/template/synthesize.ts";
import { SOURCE_TAG } from "../../../../../wire/names.ts";
import { describeStacks, type StackState } from "../../../../support/cloud-formation.ts";
import { exampleConfiguration } from "../../../../support/example-stack.ts";
import { binlogRouter } from "../../../../support/operator.ts";

const stack: StackState = { status: null, template: "" };
let cloud: Awaited<ReturnType<typeof describeStacks>>;
beforeAll(async () => {
  cloud = await describeStacks({}, stack);
});
afterAll(() => cloud[Symbol.asyncDispose]());

function environment(aws: LocalAws): Record<string, string> {
  return { ...aws.environment(), AWS_ENDPOINT_URL_CLOUDFORMATION: cloud.url };
}

const queuesOf = (stackDeleted: boolean) => stackQueues({ source: "shop", stackDeleted });

/** Makes queues with a source's tag, and returns the command `queues`. */
async function leaveBehind(aws: LocalAws, source: string, ...names: readonly string[]) {
  using clients = awsClients(aws);
  for (const name of names) {
    await clients.sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: { FifoQueue: "true" },
        tags: { [SOURCE_TAG]: source },
      }),
    );
  }
  return (...args: string[]) =>
    binlogRouter(["queues", ...args, "--source", "shop", "--stack-deleted"], environment(aws));
}

test("queues that somebody else deletes meanwhile are passed over, although SQS still lists them", async () => {
  await using aws = await startLocalAws();
  const queues = await leaveBehind(aws, "shop", "shop-a.fifo", "shop-b.fifo", "shop-c.fifo");
  const gone = (action: string, resource: string) =>
    aws.faults.add({
      service: "sqs",
      action,
      resource,
      effect: { kind: "error", code: "QueueDoesNotExist" },
    });
  gone("ListQueueTags", "shop-b.fifo");
  gone("DeleteQueue", "shop-a.fifo");
  expect(await queues("list")).toMatchObject({
    code: 0,
    out: "shop-a.fifo: empty\nshop-c.fifo: empty\n",
  });
  expect(await queues("discard", "shop-a.fifo", "shop-c.fifo", "--yes")).toMatchObject({ code: 0 });
  expect((await queues("list")).out).toBe("shop-a.fifo: empty\n");
});

test("a discard that fails half way says what it deleted, and is finished by the same command", async () => {
  await using aws = await startLocalAws();
  await leaveBehind(aws, "shop-eu", "shop-eu-a.fifo");
  const queues = await leaveBehind(aws, "shop", "shop-a.fifo", "shop-b.fifo", "shop-c.fifo");
  const denied = aws.faults.add({
    service: "sqs",
    action: "DeleteQueue",
    resource: "shop-b.fifo",
    effect: { kind: "error", code: "AccessDenied" },
  });
  const discard = ["discard", "shop-a.fifo", "shop-b.fifo", "shop-c.fifo", "--yes"];
  const failed = await queues(...discard);
  expect(failed).toMatchObject({ code: 2, out: "" });
  expect(failed.problem).toMatch(
    /^shop-b\.fifo could not be discarded: AccessDenied.*; discarded before it: shop-a\.fifo; run /,
  );
  denied.remove();
  expect((await queues("list")).out).toBe("shop-b.fifo: empty\nshop-c.fifo: empty\n");
  expect(JSON.parse((await queues(...discard, "--json")).out)).toEqual({
    discarded: ["shop-b.fifo", "shop-c.fifo"],
    missing: ["shop-a.fifo"],
  });
  expect(await queues("discard", "shop-a.fifo")).toEqual({
    code: 0,
    out: "There is no queue shop-a.fifo.\n",
    problem: "",
  });
  for (const name of ["shop-eu-a.fifo", "other-a.fifo"])
    expect(await queues("discard", name, "--yes")).toMatchObject({ code: 2, out: "" });
});

test("no queue counts as left over while it is not certain which ones the stack has", async () => {
  await using aws = await startLocalAws();
  for (const [name, value] of Object.entries(environment(aws))) vi.stubEnv(name, value);
  const ofShop = JSON.stringify(synthesize(exampleConfiguration()).template);

  Object.assign(stack, { status: "UPDATE_IN_PROGRESS", template: ofShop });
  await expect(queuesOf(false)).rejects.toThrow(/ is not certain in its state UPDATE_IN_PROGRESS/);
  await expect(queuesOf(true)).rejects.toThrow(/router-shop exists \(UPDATE_IN_PROGRESS\)/);
  const discard = ["shop-billing-staging.fifo", "--yes", "--source", "shop"];
  expect(await binlogRouter(["queues", "discard", ...discard], environment(aws))).toEqual({
    code: 2,
    out: "",
    problem: expect.stringMatching(/^which queues .* when its deployment is complete\n$/) as string,
  });
  stack.status = "UPDATE_COMPLETE";
  expect(await queuesOf(false)).toContain("shop-billing-staging.fifo");
  await expect(queuesOf(true)).rejects.toThrow(
    /exists \(UPDATE_COMPLETE\): leave out --stack-deleted/,
  );
  stack.template = ofShop.replaceAll("shop-", "eu-");
  await expect(queuesOf(false)).rejects.toThrow(
    / is not of the source shop: it has no queue shop-raw/,
  );
  stack.status = null;
  await expect(queuesOf(false)).rejects.toThrow(/^CloudFormation has no stack binlog-router-shop/);
  expect(await queuesOf(true)).toEqual(new Set());
});
