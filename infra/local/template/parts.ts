import { join } from "node:path";
import { REPOSITORY_ROOT } from "../../stack/resources/repository-root.ts";
import {
  PART_METADATA,
  type PartMetadata,
  type PartName,
} from "../../stack/resources/part-metadata.ts";
import { ratePeriodMs } from "../lambda/schedule.ts";
import { IncompleteTemplateError, UnsupportedTemplateError } from "./errors.ts";
import { evaluate, type EvaluationContext } from "./intrinsics.ts";
import { checkProperties, type KnownResource } from "./known-properties.ts";
import type { LocalFunctionSettings, LocalReader, LocalTopology } from "./local-topology.ts";
import { isObject, type TemplateResource } from "./template.ts";

type Parts = Pick<LocalTopology, "reader" | "route" | "retry" | "canary">;

/** CloudFormation's defaults, for properties that the app leaves out. */
const DEFAULT_FUNCTION_TIMEOUT_S = 3;
const DEFAULT_FUNCTION_MEMORY_MB = 128;
const DEFAULT_BATCH_SIZE = 10;
const DEFAULT_CONCURRENCY = 10;
const DEFAULT_STOP_TIMEOUT_S = 30;

/**
 * Reads from the template how reader and functions run. Throws IncompleteTemplateError for what is
 * missing, UnsupportedTemplateError for what has no local meaning.
 */
export function readParts(context: EvaluationContext): Parts {
  const route = functionOf("route", context);
  const mapping = only("AWS::Lambda::EventSourceMapping", context, (_, resource) =>
    names(resource.Properties?.["FunctionName"], route.id),
  );
  return {
    reader: readerOf(context),
    route: { ...route.settings, eventSource: eventSource(mapping.properties, context) },
    retry: scheduled("retry", context),
    canary: runsPart("canary", context) ? scheduled("canary", context) : null,
  };
}

/** A function that a rule runs periodically. */
function scheduled(part: "retry" | "canary", context: EvaluationContext): LocalTopology["retry"] {
  const { id, settings } = functionOf(part, context);
  const rule = only("AWS::Events::Rule", context, (_, resource) =>
    names(resource.Properties?.["Targets"], id),
  );
  const { State: state = "ENABLED", ScheduleExpression: schedule } = rule.properties;
  if (state !== "ENABLED") {
    throw new UnsupportedTemplateError(
      `${rule.path}.State`,
      `the state ${String(state)} of a rule`,
    );
  }
  return { ...settings, periodMs: ratePeriodMs(String(schedule)) };
}

function readerOf(context: EvaluationContext): LocalReader {
  const { resource, metadata, path } = partResource("reader", context);
  checkProperties("AWS::ECS::TaskDefinition", resource.Properties ?? {}, path);
  const [container, ...others] = objects(resource.Properties?.["ContainerDefinitions"]);
  if (container === undefined) throw new IncompleteTemplateError(`${path} has no container`);
  if (others.length > 0) throw new UnsupportedTemplateError(path, "a second container of a task");
  checkProperties("container of a task", container, `${path}.ContainerDefinitions[0]`);
  const variables = objects(
    evaluate(container["Environment"], context, `${path}.ContainerDefinitions[0].Environment`),
  ).map(({ Name, Value }) => [String(Name), String(Value)] as const);
  return {
    entry: join(REPOSITORY_ROOT, metadata.entry),
    environment: Object.fromEntries(variables),
    stopTimeoutMs: numberOr(container["StopTimeout"], DEFAULT_STOP_TIMEOUT_S) * 1000,
  };
}

function functionOf(
  part: Exclude<PartName, "reader">,
  context: EvaluationContext,
): { readonly id: string; readonly settings: LocalFunctionSettings } {
  const { id, resource, metadata, path } = partResource(part, context);
  checkProperties("AWS::Lambda::Function", resource.Properties ?? {}, path);
  const properties = propertiesOf(resource, context, path, [
    "Environment",
    "Timeout",
    "MemorySize",
  ]);
  const { Variables = {} } = isObject(properties["Environment"]) ? properties["Environment"] : {};
  return {
    id,
    settings: {
      entry: join(REPOSITORY_ROOT, metadata.entry),
      environment: Object.fromEntries(
        Object.entries(isObject(Variables) ? Variables : {}).map(([key, value]) => [
          key,
          String(value),
        ]),
      ),
      timeoutMs: numberOr(properties["Timeout"], DEFAULT_FUNCTION_TIMEOUT_S) * 1000,
      memoryMb: numberOr(properties["MemorySize"], DEFAULT_FUNCTION_MEMORY_MB),
    },
  };
}

function eventSource(
  properties: Readonly<Record<string, unknown>>,
  context: EvaluationContext,
): LocalTopology["route"]["eventSource"] {
  const queueArn = String(properties["EventSourceArn"]);
  const queue = [...context.physical.values()].find(
    ({ attributes }) => attributes["Arn"] === queueArn,
  );
  if (queue === undefined) throw new IncompleteTemplateError(`no queue has the ARN ${queueArn}`);
  const scaling = properties["ScalingConfig"];
  const responses = properties["FunctionResponseTypes"];
  return {
    queueUrl: queue.ref,
    queueArn,
    batchSize: numberOr(properties["BatchSize"], DEFAULT_BATCH_SIZE),
    concurrency: numberOr(
      isObject(scaling) ? scaling["MaximumConcurrency"] : undefined,
      DEFAULT_CONCURRENCY,
    ),
    reportsBatchItemFailures:
      Array.isArray(responses) && responses.includes("ReportBatchItemFailures"),
  };
}

interface PartResource {
  readonly id: string;
  readonly resource: TemplateResource;
  readonly metadata: PartMetadata;
  readonly path: string;
}

/** The resource that runs a part. Throws IncompleteTemplateError when there is none. */
export function partResource(part: PartName, context: EvaluationContext): PartResource {
  for (const [id, resource] of Object.entries(context.template.Resources)) {
    const metadata = resource.Metadata?.[PART_METADATA] as PartMetadata | undefined;
    if (metadata?.part === part)
      return { id, resource, metadata, path: `Resources.${id}.Properties` };
  }
  throw new IncompleteTemplateError(`no resource of the template runs the part ${part}`);
}

function runsPart(part: PartName, { template }: EvaluationContext): boolean {
  return Object.values(template.Resources).some(
    ({ Metadata }) => (Metadata?.[PART_METADATA] as PartMetadata | undefined)?.part === part,
  );
}

/** The resource of a type for which `chosen` holds; throws unless there is exactly one. */
function only(
  type: KnownResource,
  context: EvaluationContext,
  chosen: (id: string, resource: TemplateResource) => boolean,
): { readonly properties: Readonly<Record<string, unknown>>; readonly path: string } {
  const found = Object.entries(context.template.Resources).filter(
    ([id, resource]) => resource.Type === type && chosen(id, resource),
  );
  const [first, ...others] = found;
  if (first === undefined || others.length > 0) {
    throw new IncompleteTemplateError(
      `${found.length} resources of the type ${type}, expected one`,
    );
  }
  const [id, resource] = first;
  const path = `Resources.${id}.Properties`;
  checkProperties(type, resource.Properties ?? {}, path);
  const kept = Object.keys(resource.Properties ?? {}).filter(
    (key) => key !== "FunctionName" && key !== "Targets",
  );
  return { properties: propertiesOf(resource, context, path, kept), path };
}

/**
 * The named properties with intrinsic functions evaluated. The other ones may refer to resources
 * that do not exist on one machine.
 */
function propertiesOf(
  resource: TemplateResource,
  context: EvaluationContext,
  path: string,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    keys.map((key) => [key, evaluate(resource.Properties?.[key], context, `${path}.${key}`)]),
  );
}

/** Whether a part of the template refers to a resource. */
function names(value: unknown, id: string): boolean {
  if (Array.isArray(value)) return value.some((item) => names(item, id));
  return isObject(value) ? Object.values(value).some((item) => names(item, id)) : value === id;
}

function objects(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function numberOr(value: unknown, otherwise: number): number {
  return value === undefined ? otherwise : Number(value);
}
