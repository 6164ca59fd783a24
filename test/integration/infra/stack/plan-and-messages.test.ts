import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import type { Template, TemplateResource } from "../../../../infra/local/template/template.ts";
import { stepsTo } from "../../../../operator/commands/plan/steps.ts";
import { deployedOf } from "../../../../operator/shared/deployed.ts";
import { waitingIn } from "../../../../operator/shared/messages-in.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";
import { CHANGES } from "../../../support/plan-changes.ts";

// A message waits in every queue of the deployed example, for eight days. Then the changed template
// is deployed, as CloudFormation would do it to the queues. What `plan` said of each message is
// compared with what became of it.

const EIGHT_DAYS_MS = 8 * 24 * 60 * 60 * 1000;
/** SQS takes the name of a deleted queue again. */
const NAMES_FREE_MS = 61_000;
const RETENTION = "MessageRetentionPeriod";

const { template: before } = synthesize(exampleConfiguration());
let aws: LocalAws;
let clients: AwsClients;
beforeAll(async () => {
  aws = await startLocalAws();
  clients = awsClients(aws);
});
afterAll(async () => {
  clients[Symbol.dispose]();
  await aws[Symbol.asyncDispose]();
});

beforeEach(async () => {
  const { QueueUrls: urls = [] } = await clients.sqs.send(new ListQueuesCommand({}));
  for (const QueueUrl of urls) await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  aws.clock.advance(NAMES_FREE_MS);
  for (const resource of queuesOf(before).values()) {
    await create(resource);
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: urlOf(resource),
        MessageBody: "waits",
        MessageGroupId: "g",
        MessageDeduplicationId: "1",
      }),
    );
  }
  aws.clock.advance(EIGHT_DAYS_MS);
});

test.each(CHANGES)("%s: plan says what becomes of waiting messages", async (_, changed) => {
  const config = exampleConfiguration(changed);
  const steps = stepsTo(config, deployedOf(JSON.stringify(before)));
  await deploy(synthesize(config).template);

  const names = [...queuesOf(before).values()].map(nameOf);
  const left: Record<string, unknown> = {};
  for (const name of names) left[name] = await waitingIn(clients.sqs, name);
  const losing = new Set(steps.filter((step) => step.losesMessages).map(({ what }) => what));
  const expected = names.map((name) => [name, losing.has(name) ? 0 : 1]);
  expect(left).toEqual(Object.fromEntries(expected));
});

/** Does to the queues what CloudFormation does when a template takes the other one's place. */
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
    const Attributes = { [RETENTION]: retentionOf(successor) };
    await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  }
  for (const [id, resource] of present) if (!old.has(id)) await create(resource);
}

async function create(resource: TemplateResource): Promise<void> {
  const Attributes = { FifoQueue: "true", [RETENTION]: retentionOf(resource) };
  await clients.sqs.send(new CreateQueueCommand({ QueueName: nameOf(resource), Attributes }));
}

function queuesOf({ Resources }: Template): Map<string, TemplateResource> {
  return new Map(Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::SQS::Queue"));
}

function nameOf({ Properties }: TemplateResource): string {
  return String(Properties?.["QueueName"]);
}

function retentionOf({ Properties }: TemplateResource): string {
  return String(Properties?.[RETENTION]);
}

function urlOf(resource: TemplateResource): string {
  return `${aws.endpoints.sqs}/${aws.accountId}/${nameOf(resource)}`;
}
