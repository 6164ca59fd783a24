import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalTopology } from "../../../../../infra/local/template/local-topology.ts";
import { provision } from "../../../../../infra/local/template/provision.ts";
import { synthesize } from "../../../../../infra/local/template/synthesize.ts";
import { exampleConfiguration, exampleObject } from "../../../../support/example-stack.ts";
import { binlogRouter, type Ended } from "../../../../support/operator.ts";
import { useLocalAws } from "../../../../support/local-aws.ts";

const aws = useLocalAws();
let clients: AwsClients;
let topology: LocalTopology;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "binlog-router-plan-"));
  clients = awsClients(aws);
  const deployed = synthesize(exampleConfiguration());
  topology = await provision(deployed, {
    aws,
    sourceCredentials: { username: "reader", password: "" },
    signal: AbortSignal.timeout(60_000),
  });
  await writeFile(join(directory, "deployed.json"), JSON.stringify(deployed.template));
  // The last release that did not retain its queues deployed this template.
  const former = JSON.stringify(deployed.template, (key, value: unknown) =>
    key === "DeletionPolicy" ? undefined : value,
  );
  await writeFile(join(directory, "former.json"), former);
});
afterAll(async () => {
  clients[Symbol.dispose]();
  await rm(directory, { recursive: true });
});

/** The same, planned against the former release's deployment. */
function plannedAfterFormer(changed: object, ...args: string[]): Promise<Ended> {
  return planned(changed, ...args, "--template", join(directory, "former.json"));
}

/** The output of `plan` for the example with some keys replaced. */
async function planned(changed: object, ...args: string[]): Promise<Ended> {
  const config = join(directory, "config.json");
  await writeFile(config, JSON.stringify({ ...exampleObject(), ...changed }));
  return binlogRouter(
    ["plan", "--config", config, "--template", join(directory, "deployed.json"), ...args],
    aws.environment(),
  );
}

test("a queue with messages is refused by name until it is accepted, or empty", async () => {
  const QueueUrl = topology.queues.get("shop-search-test.fifo")?.url;
  const message = { MessageBody: "waits", MessageGroupId: "g", MessageDeduplicationId: "1" };
  await clients.sqs.send(new SendMessageCommand({ QueueUrl, ...message }));
  const changed = { subscribers: { billing: { tables: ["shop.orders"] } } };

  const refused = await plannedAfterFormer(changed);
  expect(refused.out).toContain("deletes the queue shop-search-test.fifo (it has about 1 message)");
  expect(refused.out).toContain("deletes the queue shop-search-staging.fifo (it is empty)");
  expect(refused.out).toMatch(/--accept shop-search-test\.fifo\n$/);
  expect(refused.code).toBe(1);

  const accepted = await plannedAfterFormer(changed, "--accept", "shop-search-test.fifo");
  expect(accepted.code).toBe(0);

  await clients.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect((await plannedAfterFormer(changed)).code).toBe(0);
});

test("a queue that stays behind is named with its messages, and is not a loss", async () => {
  const QueueUrl = topology.queues.get("shop-billing-test.fifo")?.url;
  const message = { MessageBody: "waits", MessageGroupId: "g", MessageDeduplicationId: "1" };
  await clients.sqs.send(new SendMessageCommand({ QueueUrl, ...message }));
  const { code, out } = await planned({ subscribers: { search: { tables: ["shop.*"] } } });
  expect(code).toBe(0);
  expect(out).toContain(
    "leaves the queue shop-billing-test.fifo behind: it gets nothing more, and keeps each message for 14 days from its sending (it has about 1 message)",
  );
  expect(out).toContain("npm run queues -- list --source shop\n");
});

test("a queue that exists already is refused, with the commands to run", async () => {
  const QueueName = "shop-billing-demo.fifo";
  await clients.sqs.send(new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: "true" } }));
  const { code, out } = await planned({
    environments: { ...(exampleObject()["environments"] as object), demo: { users: ["d"] } },
  });
  expect(code).toBe(1);
  expect(out).toContain(
    "creates the queue shop-billing-demo.fifo; it gets the changes that are routed after the deployment (it exists already, left over, with about 0 messages)",
  );
  expect(out).toMatch(/npm run queues -- discard shop-billing-demo\.fifo --source shop\n$/);
});

test("queues whose messages SQS does not count are not taken for empty", async () => {
  const fault = aws.faults.add({
    service: "sqs",
    effect: { kind: "error", code: "AccessDenied", status: 403 },
  });
  try {
    const { code, out } = await plannedAfterFormer({ otherUsers: "drop" }, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      refused: expect.arrayContaining(["shop-billing-unrouted.fifo"]),
    });
  } finally {
    fault.remove();
  }
});

test("a wrong configuration is answered with one sentence for each problem", async () => {
  const { code, problem } = await planned({ lanes: 0 });
  expect(code).toBe(2);
  expect(problem).toMatch(/lanes must/);
});
