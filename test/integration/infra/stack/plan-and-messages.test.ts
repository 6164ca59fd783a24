import {
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { startLocalAws } from "@binlog-router/local-aws";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { expect, test } from "vitest";
import { provision } from "../../../../infra/local/template/provision.ts";
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
const RETENTION = "MessageRetentionPeriod";

test.each(CHANGES)("%s: plan says what becomes of waiting messages", async (_, changed) => {
  const deployed = synthesize(exampleConfiguration());
  await using aws = await startLocalAws();
  using clients = awsClients(aws);
  const { queues } = await provision(deployed, {
    aws,
    sourceCredentials: { username: "reader", password: "" },
    signal: AbortSignal.timeout(60_000),
  });
  for (const { url } of queues.values()) {
    await clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: "waits",
        MessageGroupId: "g",
        MessageDeduplicationId: "1",
      }),
    );
  }
  aws.clock.advance(EIGHT_DAYS_MS);

  const config = exampleConfiguration(changed);
  const steps = stepsTo(config, deployedOf(JSON.stringify(deployed.template)));
  await deploy(
    clients,
    deployed.template,
    synthesize(config).template,
    (name) => queues.get(name)?.url,
  );

  const left: Record<string, unknown> = {};
  for (const name of queues.keys()) left[name] = await waitingIn(clients.sqs, name);
  const losing = new Set(steps.filter((step) => step.losesMessages).map(({ what }) => what));
  const expected = [...queues.keys()].map((name) => [name, losing.has(name) ? 0 : 1]);
  expect(left).toEqual(Object.fromEntries(expected));
});

/** Does to the queues what CloudFormation does when a template takes another one's place. */
async function deploy(
  { sqs }: AwsClients,
  before: Template,
  after: Template,
  urlOf: (name: string) => string | undefined,
): Promise<void> {
  const [old, present] = [queuesOf(before), queuesOf(after)];
  for (const [id, resource] of old) {
    const QueueUrl = urlOf(nameOf(resource));
    const successor = present.get(id);
    if (successor === undefined || nameOf(successor) !== nameOf(resource)) {
      if (!String(resource.DeletionPolicy).startsWith("Retain")) {
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      }
      continue;
    }
    const Attributes = { [RETENTION]: String(successor.Properties?.[RETENTION]) };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  }
  for (const [id, resource] of present) {
    if (old.has(id)) continue;
    await sqs.send(
      new CreateQueueCommand({ QueueName: nameOf(resource), Attributes: { FifoQueue: "true" } }),
    );
  }
}

function queuesOf({ Resources }: Template): Map<string, TemplateResource> {
  return new Map(Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::SQS::Queue"));
}

function nameOf({ Properties }: TemplateResource): string {
  return String(Properties?.["QueueName"]);
}
