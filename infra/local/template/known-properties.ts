import { UnsupportedTemplateError } from "./errors.ts";

/** The properties that the run on one machine reads, and those without a meaning there. */
const KNOWN = {
  "AWS::Lambda::Function": {
    read: ["Environment", "MemorySize", "Timeout"],
    cloudOnly: [
      "Architectures",
      "Code",
      "Description",
      "Handler",
      "LoggingConfig",
      "Role",
      "Runtime",
      "Tags",
      "VpcConfig",
    ],
  },
  "AWS::Lambda::EventSourceMapping": {
    read: ["BatchSize", "EventSourceArn", "FunctionName", "FunctionResponseTypes", "ScalingConfig"],
    cloudOnly: ["Tags"],
  },
  "AWS::Events::Rule": {
    read: ["ScheduleExpression", "State", "Targets"],
    cloudOnly: ["Description", "Tags"],
  },
  "AWS::ECS::TaskDefinition": {
    read: ["ContainerDefinitions"],
    cloudOnly: [
      "Cpu",
      "ExecutionRoleArn",
      "Family",
      "Memory",
      "NetworkMode",
      "RequiresCompatibilities",
      "RuntimePlatform",
      "Tags",
      "TaskRoleArn",
    ],
  },
  "container of a task": {
    read: ["Environment", "StopTimeout"],
    cloudOnly: [
      "Essential",
      "HealthCheck",
      "Image",
      "LogConfiguration",
      "Name",
      "ReadonlyRootFilesystem",
      "User",
    ],
  },
} as const;

export type KnownResource = keyof typeof KNOWN;

/** Throws UnsupportedTemplateError for a property that is not listed in `KNOWN`. */
export function checkProperties(
  type: KnownResource,
  properties: Readonly<Record<string, unknown>>,
  path: string,
): void {
  const known = new Set<string>([...KNOWN[type].read, ...KNOWN[type].cloudOnly]);
  for (const property of Object.keys(properties)) {
    if (known.has(property)) continue;
    throw new UnsupportedTemplateError(path, `the property ${property} of the ${type}`);
  }
}
