import * as z from "zod";
import { CloudFormationClient, GetTemplateCommand } from "@aws-sdk/client-cloudformation";
import type { Configuration } from "../../config/configuration.ts";
import { decodeRouting, type Routing } from "../../config/routing.ts";
import { MESSAGE_PAYLOAD_PREFIX } from "../../wire/payloads.ts";
import { withPatience } from "./aws-patience.ts";
import { CommandError } from "./command-error.ts";
import { deployedReader, type DeployedReader } from "./deployed-reader.ts";
import { deployedReaders, type QueueReaders } from "./deployed-readers.ts";
import { deployedSecrets, type DeployedSecrets } from "./deployed-secrets.ts";
import { disposable } from "./target.ts";

/** The parts of a deployed stack that messages depend on. */
export interface Deployed {
  /** By queue name, including the raw queue and the dead-letter queues. */
  readonly queues: ReadonlyMap<string, DeployedQueue>;
  readonly routing: Routing;
  readonly lanes: number;
  readonly reader: DeployedReader;
  readonly secrets: DeployedSecrets;
  /** Days for which the bucket keeps large payloads of messages; null without such a rule. */
  readonly payloadDays: number | null;
  /** Names of restored tables that the parts use; null when they use the stack's own tables. */
  readonly restoredTables: Configuration["restoredTables"] | null;
}

export interface DeployedQueue extends QueueReaders {
  /** How long the queue keeps a message, in seconds. */
  readonly retentionSeconds: number;
  /** Whether the queue and its messages remain when a deployment removes it from the stack. */
  readonly isKept: boolean;
  /** How long a received message is hidden from other consumers, in seconds. */
  readonly visibilitySeconds: number;
  /**
   * After this many receipts a message moves to the dead-letter queue; null when there is no such
   * queue.
   */
  readonly maxReceives: number | null;
  /** The KMS key of its messages; null for SQS's own, or when the template refers to a key. */
  readonly keyArn: string | null;
}

const resource = z.object({
  Type: z.string(),
  DeletionPolicy: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const template = z.object({ Resources: z.record(z.string(), resource) });
const queue = z.object({
  QueueName: z.string(),
  MessageRetentionPeriod: z.number(),
  KmsMasterKeyId: z.unknown().optional(),
  /** 30 seconds is SQS's default. */
  VisibilityTimeout: z.number().default(30),
  RedrivePolicy: z.object({ maxReceiveCount: z.number() }).optional(),
});
const table = z.unknown();
const routed = z.object({
  Environment: z.object({
    Variables: z.object({
      ROUTING: z.string(),
      OFFSETS_TABLE: table,
      SESSIONS_TABLE: table,
      FAILURES_TABLE: table,
    }),
  }),
});
const bucket = z.object({
  LifecycleConfiguration: z.object({
    Rules: z.array(
      z.object({ Prefix: z.string().optional(), ExpirationInDays: z.number().optional() }),
    ),
  }),
});

/**
 * Parses the text of a stack's template. Throws CommandError when it is not a template of
 * binlog-router.
 */
export function deployedOf(text: string): Deployed {
  const parsed = template.safeParse(parseJson(text));
  if (!parsed.success) throw new CommandError("CDK did not write the deployed template");
  const { Resources } = parsed.data;
  const resources = Object.values(Resources);
  const ofType = (type: string) =>
    resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  const [route] = ofType("AWS::Lambda::Function").flatMap(
    (one) => routed.safeParse(one).data ?? [],
  );
  const reader = ofType("AWS::ECS::TaskDefinition").map(deployedReader).find(isFound);
  if (route === undefined || reader === undefined) {
    throw new CommandError(
      "the deployed template has no reader and no route function; is it a stack of binlog-router?",
    );
  }
  const readersOf = deployedReaders(ofType("AWS::SQS::QueuePolicy"));
  const queues = Object.entries(Resources)
    .filter(([, { Type }]) => Type === "AWS::SQS::Queue")
    .map(([id, { Properties, DeletionPolicy = "Delete" }]): [string, DeployedQueue] => {
      const found = queue.parse(Properties);
      const settings = {
        retentionSeconds: found.MessageRetentionPeriod,
        isKept: DeletionPolicy.startsWith("Retain"),
        visibilitySeconds: found.VisibilityTimeout,
        maxReceives: found.RedrivePolicy?.maxReceiveCount ?? null,
        keyArn: typeof found.KmsMasterKeyId === "string" ? found.KmsMasterKeyId : null,
      };
      return [found.QueueName, { ...settings, ...readersOf(id) }];
    });
  const rules = ofType("AWS::S3::Bucket").flatMap(
    (one) => bucket.safeParse(one).data?.LifecycleConfiguration.Rules ?? [],
  );
  const { Variables } = route.Environment;
  return {
    queues: new Map(queues),
    routing: decodeRouting(Variables.ROUTING),
    lanes: reader.lanes,
    reader,
    secrets: deployedSecrets(
      reader.secretArn,
      ofType("AWS::SecretsManager::Secret"),
      ofType("AWS::Lambda::Function"),
    ),
    payloadDays:
      rules.find(({ Prefix }) => Prefix === MESSAGE_PAYLOAD_PREFIX)?.ExpirationInDays ?? null,
    restoredTables: restoredTables(Variables),
  };
}

function isFound<Value>(value: Value | null): value is Value {
  return value !== null;
}

/** In the template, the stack's own tables are references and restored tables are names. */
function restoredTables(
  variables: z.infer<typeof routed>["Environment"]["Variables"],
): Deployed["restoredTables"] {
  const names = z
    .object({ offsets: z.string(), sessions: z.string(), failures: z.string() })
    .safeParse({
      offsets: variables.OFFSETS_TABLE,
      sessions: variables.SESSIONS_TABLE,
      failures: variables.FAILURES_TABLE,
    });
  return names.data ?? null;
}

/** The text of a deployed stack's template. Throws CommandError. */
export async function deployedTemplate(stackName: string): Promise<string> {
  using cloudFormation = disposable(new CloudFormationClient(withPatience()));
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
