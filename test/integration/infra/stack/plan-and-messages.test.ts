import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import type { Template, TemplateResource } from "../../../../infra/local/template/template.ts";
import { stepsTo } from "../../../../operator/commands/plan/steps.ts";
import { deployedOf } from "../../../../operator/shared/deployed.ts";
import { waitingIn } from "../../../../operator/shared/messages-in.ts";
import { exampleConfiguration, exampleObject } from "../../../support/example-stack.ts";
import { CHANGES } from "../../../support/plan-changes.ts";
import { useLocalAws } from "../../../support/local-aws.ts";

// Every queue of the deployed example holds a message, for eight days. Then the changed template is
// deployed as CloudFormation would deploy it to the queues. The test compares what `plan` predicted
// for each message with what happened to it.

const EIGHT_DAYS_MS = 8 * 24 * 60 * 60 * 1000;
/** The time after which SQS allows a deleted queue's name again. */
const NAMES_FREE_MS = 61_000;
const RETENTION = "MessageRetentionPeriod";

const { template: before } = synthesize(exampleConfiguration());
const aws = useLocalAws();
let clients: AwsClients;
beforeAll(async () => {
  clients = awsClients(aws);
});
afterAll(async () => {
  clients[Symbol.dispose]();
});

beforeEach(async () => {
  const { QueueUrls: urls = [] } = await clients.sqs.send(new ListQueuesCommand({}));
  await Promise.all(urls.map((QueueUrl) => clients.sqs.send(new DeleteQueueCommand({ QueueUrl }))));
  aws.clock.advance(NAMES_FREE_MS);
  await Promise.all(
    [...queuesOf(before).values()].map(async (resource) => {
      await create(resource);
      await clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: urlOf(resource),
          MessageBody: "waits",
          MessageGroupId: "g",
          MessageDeduplicationId: "1",
        }),
      );
    }),
  );
  aws.clock.advance(EIGHT_DAYS_MS);
});

test.each(CHANGES)("%s: plan says what happens to waiting messages", async (_, changed) => {
  const config = exampleConfiguration(changed);
  const steps = stepsTo(config, deployedOf(JSON.stringify(before)));
  await deploy(synthesize(config).template);

  const names = [...queuesOf(before).values()].map(nameOf);
  const left = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await waitingIn(clients.sqs, name)])),
  ) as Record<string, unknown>;
  const losing = new Set(steps.filter((step) => step.losesMessages).map(({ what }) => what));
  const expected = names.map((name) => [name, losing.has(name) ? 0 : 1]);
  expect(left).toEqual(Object.fromEntries(expected));
});

const BILLING = "shop-billing-production.fifo";

/** The bodies of the messages that one receive returns. */
async function received(QueueUrl: string): Promise<unknown[]> {
  const { Messages = [] } = await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  return Messages.map(({ Body }) => Body);
}

/** Plans and then deploys a change of the subscriber billing. Returns the output of `plan`. */
async function deployBilling(settings: object): Promise<string[]> {
  const { subscribers } = exampleObject() as { readonly subscribers: Record<string, object> };
  const changed = {
    subscribers: { ...subscribers, billing: { ...subscribers["billing"], ...settings } },
  };
  const config = exampleConfiguration(changed);
  await deploy(synthesize(config).template);
  return stepsTo(config, deployedOf(JSON.stringify(before))).map(({ text }) => text);
}

test("maxReceives: a message that was received that many times goes to the dead-letter queue, as plan says", async () => {
  const url = `${aws.endpoints.sqs}/${aws.accountId}/${BILLING}`;
  for (let receipt = 1; receipt <= 2; receipt++) {
    expect(await received(url)).toEqual(["waits"]);
    aws.clock.advance(61_000);
  }
  expect(await deployBilling({ maxReceives: 2 })).toContainEqual(
    expect.stringMatching(
      /^subscribers\.billing\.maxReceives: 2 .* received 2 times already goes to the dead-letter queue/,
    ),
  );
  expect(await received(url)).toEqual([]);
  expect(await waitingIn(clients.sqs, BILLING)).toBe(0);
  // The earlier message and this one.
  expect(await waitingIn(clients.sqs, BILLING.replace(".fifo", "-dead.fifo"))).toBe(2);
});

test("visibilitySeconds: a message that is being handled keeps its time, as plan says", async () => {
  const url = `${aws.endpoints.sqs}/${aws.accountId}/${BILLING}`;
  expect(await received(url)).toEqual(["waits"]);
  expect(await deployBilling({ visibilitySeconds: 5 })).toContainEqual(
    expect.stringMatching(
      /^subscribers\.billing\.visibilitySeconds: 5 .* being handled keeps .* gets the new time with its next receipt$/,
    ),
  );
  aws.clock.advance(30_000);
  expect(await received(url)).toEqual([]);
  aws.clock.advance(31_000);
  expect(await received(url)).toEqual(["waits"]);
  aws.clock.advance(6_000);
  expect(await received(url)).toEqual(["waits"]);
});

/** Does to the queues what CloudFormation does when a template replaces another. */
async function deploy(after: Template): Promise<void> {
  const [old, present] = [queuesOf(before), queuesOf(after)];
  for (const [id, resource] of old) {
    const QueueUrl = urlOf(resource);
    const successor = present.get(id);
    if (successor === undefined || nameOf(successor) !== nameOf(resource)) {
      if (!String(resource.DeletionPolicy).startsWith("Retain")) {
        await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
      }
      continue;
    }
    const Attributes = attributesOf(successor);
    await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  }
  for (const [id, resource] of present) if (!old.has(id)) await create(resource);
}

async function create(resource: TemplateResource): Promise<void> {
  const Attributes = { FifoQueue: "true", ...attributesOf(resource) };
  await clients.sqs.send(new CreateQueueCommand({ QueueName: nameOf(resource), Attributes }));
}

function queuesOf({ Resources }: Template): Map<string, TemplateResource> {
  return new Map(Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::SQS::Queue"));
}

function nameOf({ Properties }: TemplateResource): string {
  return String(Properties?.["QueueName"]);
}

/** The queue attributes that a deployment may change. */
function attributesOf(resource: TemplateResource): Record<string, string> {
  const { [RETENTION]: retention, VisibilityTimeout: hidden = 30 } = resource.Properties ?? {};
  const { RedrivePolicy: redrive } = resource.Properties ?? {};
  return {
    [RETENTION]: String(retention),
    VisibilityTimeout: String(hidden),
    ...(redrive !== undefined && {
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:${aws.region}:${aws.accountId}:${deadOf(resource)}`,
        maxReceiveCount: (redrive as { readonly maxReceiveCount: number }).maxReceiveCount,
      }),
    }),
  };
}

/** The name of a queue's dead-letter queue. */
function deadOf(resource: TemplateResource): string {
  return nameOf(resource).replace(/\.fifo$/, "-dead.fifo");
}

function urlOf(resource: TemplateResource): string {
  return `${aws.endpoints.sqs}/${aws.accountId}/${nameOf(resource)}`;
}
