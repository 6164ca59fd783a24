import { alarmDefinition, dashboardWidgets } from "@binlog-router/local-aws/cloudwatch";
import { IncompleteTemplateError } from "./errors.ts";
import { evaluate, type EvaluationContext, type PhysicalResource } from "./intrinsics.ts";
import type { LocalMonitoring } from "./local-topology.ts";
import { partResource } from "./parts.ts";
import { isObject } from "./template.ts";

/** Types that metrics and alarms name, and that are not created as resources on one machine. */
const NAMED_TYPES = new Set([
  "AWS::Lambda::Function",
  "AWS::ECS::Cluster",
  "AWS::ECS::Service",
  "AWS::SNS::Topic",
]);

/**
 * Reads the template's alarms and dashboard. Throws UnknownMonitoringError for what the CloudWatch
 * stand-in does not know, and the errors of `evaluate`.
 */
export function readMonitoring(context: EvaluationContext, stackName: string): LocalMonitoring {
  const named = withNames(context, stackName);
  const nameOf = (type: string): string => named.physical.get(only(type, context))?.ref ?? "";
  const functionName = (part: "route" | "retry"): string =>
    named.physical.get(partResource(part, context).id)?.ref ?? "";
  const task = partResource("reader", context).resource.Properties ?? {};
  return {
    alarms: properties("AWS::CloudWatch::Alarm", named).map(alarmDefinition),
    widgets: properties("AWS::CloudWatch::Dashboard", named).flatMap(({ DashboardBody: body }) =>
      dashboardWidgets(String(body)),
    ),
    functions: { route: functionName("route"), retry: functionName("retry") },
    service: {
      cluster: nameOf("AWS::ECS::Cluster"),
      name: nameOf("AWS::ECS::Service"),
      cpuUnits: Number(task["Cpu"]),
      memoryMb: Number(task["Memory"]),
    },
  };
}

/** The context, with names added for the resources that CloudFormation would name. */
function withNames(context: EvaluationContext, stackName: string): EvaluationContext {
  const physical = new Map<string, PhysicalResource>(context.physical);
  for (const [id, { Type }] of Object.entries(context.template.Resources)) {
    if (!NAMED_TYPES.has(Type)) continue;
    const name = `${stackName}-${id}`;
    physical.set(id, { ref: name, attributes: { Name: name } });
  }
  return { ...context, physical };
}

function properties(type: string, context: EvaluationContext): Readonly<Record<string, unknown>>[] {
  return Object.entries(context.template.Resources).flatMap(([id, { Type, Properties = {} }]) => {
    if (Type !== type) return [];
    const evaluated = evaluate(Properties, context, `Resources.${id}.Properties`);
    return isObject(evaluated) ? [evaluated] : [];
  });
}

/** The id of the first resource of a type. Throws IncompleteTemplateError when there is none. */
function only(type: string, { template }: EvaluationContext): string {
  const [found] = Object.entries(template.Resources).find(([, { Type }]) => Type === type) ?? [];
  if (found === undefined) throw new IncompleteTemplateError(`the template has no ${type}`);
  return found;
}
