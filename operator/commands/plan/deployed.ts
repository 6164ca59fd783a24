import { z } from "zod";
import { decodeRouting, type Routing } from "../../../config/routing.ts";
import { CommandError } from "../../shared/command-error.ts";

/** What a deployed stack has, as far as messages depend on it. */
export interface Deployed {
  /**
   * Seconds for which each queue keeps a message, by the queue's name; the raw queue and
   * dead-letter queues included.
   */
  readonly queues: ReadonlyMap<string, number>;
  readonly routing: Routing;
  readonly lanes: number;
}

const resource = z.object({
  Type: z.string(),
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
  const queues = ofType("AWS::SQS::Queue").map((one) => queue.parse(one));
  return {
    queues: new Map(queues.map((one) => [one.QueueName, one.MessageRetentionPeriod])),
    routing: decodeRouting(route.Environment.Variables.ROUTING),
    lanes: Number(lanes.Value),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
