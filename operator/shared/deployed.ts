import { z } from "zod";
import { CloudFormationClient, GetTemplateCommand } from "@aws-sdk/client-cloudformation";
import { decodeRouting, type Routing } from "../../config/routing.ts";
import { CommandError } from "./command-error.ts";
import { disposable } from "./target.ts";

/** What a deployed stack has, as far as messages depend on it. */
export interface Deployed {
  /** By their names; the raw queue and dead-letter queues included. */
  readonly queues: ReadonlyMap<string, DeployedQueue>;
  readonly routing: Routing;
  readonly lanes: number;
}

export interface DeployedQueue {
  /** Seconds for which it keeps a message. */
  readonly retentionSeconds: number;
  /** Whether it stays, with its messages, when a deployment takes it out of the stack. */
  readonly isKept: boolean;
}

const resource = z.object({
  Type: z.string(),
  DeletionPolicy: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const template = z.object({ Resources: z.record(z.string(), resource) });
const queue = z.object({ QueueName: z.string(), MessageRetentionPeriod: z.number() });
const routed = z.object({
  Environment: z.object({ Variables: z.object({ ROUTING: z.string() }) }),
});
const variable = z.object({ Name: z.string(), Value: z.unknown() });
const task = z.object({
  ContainerDefinitions: z.array(z.object({ Environment: z.array(variable) })),
});

/**
 * Reads it from the text of the stack's template. Throws CommandError when the template is not of
 * binlog-router.
 */
export function deployedOf(text: string): Deployed {
  const parsed = template.safeParse(parseJson(text));
  if (!parsed.success) throw new CommandError("the deployed template is not one that CDK writes");
  const resources = Object.values(parsed.data.Resources);
  const ofType = (type: string) =>
    resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  const [route] = ofType("AWS::Lambda::Function").flatMap(
    (one) => routed.safeParse(one).data ?? [],
  );
  const [reader] = ofType("AWS::ECS::TaskDefinition").flatMap(
    (one) => task.safeParse(one).data ?? [],
  );
  const lanes = reader?.ContainerDefinitions.flatMap(({ Environment }) => Environment).find(
    ({ Name }) => Name === "LANES",
  );
  if (route === undefined || lanes === undefined) {
    throw new CommandError(
      "the deployed template has no reader and no route function; is it of binlog-router?",
    );
  }
  const queues = resources
    .filter(({ Type }) => Type === "AWS::SQS::Queue")
    .map(({ Properties, DeletionPolicy = "Delete" }) => {
      const { QueueName, MessageRetentionPeriod } = queue.parse(Properties);
      const isKept = DeletionPolicy.startsWith("Retain");
      return [QueueName, { retentionSeconds: MessageRetentionPeriod, isKept }] as const;
    });
  return {
    queues: new Map(queues),
    routing: decodeRouting(route.Environment.Variables.ROUTING),
    lanes: Number(lanes.Value),
  };
}

/** The text of a deployed stack's template. Throws CommandError. */
export async function deployedTemplate(stackName: string): Promise<string> {
  using cloudFormation = disposable(new CloudFormationClient({}));
  try {
    const { TemplateBody = "" } = await cloudFormation.client.send(
      new GetTemplateCommand({ StackName: stackName }),
    );
    return TemplateBody;
  } catch (cause) {
    throw new CommandError(
      `CloudFormation does not have the template of the stack ${stackName}: ${String(cause)}`,
      { cause },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
