import { awsClients, type LocalAwsAddress } from "@binlog-router/local-aws/clients";
import { CREATE_BY_TYPE, type Creation } from "./create-resource.ts";
import { creationOrder } from "./creation-order.ts";
import {
  IncompleteTemplateError,
  NoLocalResourceError,
  UnsupportedTemplateError,
} from "./errors.ts";
import {
  conditionHolds,
  evaluate,
  type EvaluationContext,
  type PhysicalResource,
} from "./intrinsics.ts";
import type { LocalQueue, LocalTopology } from "./local-topology.ts";
import { readMonitoring } from "./monitoring.ts";
import { readParts } from "./parts.ts";
import { checkResourceTypes } from "./resource-types.ts";
import type { SynthesizedStack } from "./synthesize.ts";
import { isObject } from "./template.ts";

export interface ProvisionOptions {
  /** The addresses of the stand-ins, as `startLocalAws` returns them. */
  readonly aws: LocalAwsAddress;
  /** The MySQL account that the reader uses. */
  readonly sourceCredentials: Creation["sourceCredentials"];
  /** See `Creation`; default none. */
  readonly accounts?: Creation["accounts"];
  readonly signal: AbortSignal;
}

/**
 * Creates the template's queues, tables, buckets and secrets through the AWS SDK, and returns what
 * runs on them. Throws UnsupportedTemplateError for anything in the template without a known local
 * meaning, IncompleteTemplateError for what the template lacks, and the SDK's errors.
 */
export async function provision(
  { stackName, template }: SynthesizedStack,
  { aws, sourceCredentials, accounts = [], signal }: ProvisionOptions,
): Promise<LocalTopology> {
  checkResourceTypes(template);
  const physical = new Map<string, PhysicalResource>();
  const context: EvaluationContext = {
    template,
    physical,
    pseudoParameters: {
      "AWS::Region": aws.region,
      "AWS::AccountId": aws.accountId,
      "AWS::Partition": "aws",
      "AWS::URLSuffix": "amazonaws.com",
      "AWS::StackName": stackName,
      "AWS::StackId": `arn:aws:cloudformation:${aws.region}:${aws.accountId}:stack/${stackName}/local`,
    },
  };
  using clients = awsClients(aws);
  const creation: Creation = { clients, aws, sourceCredentials, accounts, signal };
  for (const id of creationOrder(template, idsToCreate(context))) {
    physical.set(id, await create(id, stackName, context, creation));
  }

  const outputs = evaluateOutputs(context);
  return {
    stackName,
    queues: queuesOf(context),
    outputs,
    tables: {
      offsets: output(outputs, "OffsetsTable"),
      sessions: output(outputs, "SessionsTable"),
      failures: output(outputs, "FailuresTable"),
    },
    ...readParts(context),
    monitoring: readMonitoring(context, stackName),
  };
}

function idsToCreate(context: EvaluationContext): string[] {
  return Object.entries(context.template.Resources)
    .filter(([, { Type }]) => Type in CREATE_BY_TYPE)
    .filter(
      ([id, { Condition }]) =>
        Condition === undefined || conditionHolds(Condition, context, `Resources.${id}`),
    )
    .map(([id]) => id);
}

async function create(
  id: string,
  stackName: string,
  context: EvaluationContext,
  creation: Creation,
): Promise<PhysicalResource> {
  const path = `Resources.${id}.Properties`;
  const { Type = "", Properties = {} } = context.template.Resources[id] ?? {};
  const createResource = CREATE_BY_TYPE[Type];
  if (createResource === undefined) throw new UnsupportedTemplateError(path, `the type ${Type}`);
  const properties = evaluate(Properties, context, path);
  return createResource(
    {
      properties: isObject(properties) ? properties : {},
      path,
      generatedName: `${stackName}-${id}`,
    },
    creation,
  );
}

function queuesOf({ template, physical }: EvaluationContext): Map<string, LocalQueue> {
  const queues = new Map<string, LocalQueue>();
  for (const [id, { ref, attributes }] of physical) {
    if (template.Resources[id]?.Type !== "AWS::SQS::Queue") continue;
    const { QueueName: name = "", Arn: arn = "" } = attributes;
    queues.set(name, { name, url: ref, arn });
  }
  return queues;
}

/** The outputs as texts; those that name a resource not on one machine (a role) are left out. */
function evaluateOutputs(context: EvaluationContext): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [name, { Value }] of Object.entries(context.template.Outputs ?? {})) {
    try {
      outputs[name] = String(evaluate(Value, context, `Outputs.${name}`));
    } catch (error) {
      if (!(error instanceof NoLocalResourceError)) throw error;
    }
  }
  return outputs;
}

function output(outputs: Readonly<Record<string, string>>, name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new IncompleteTemplateError(`the stack has no output ${name}`);
  return value;
}
