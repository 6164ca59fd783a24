import type { ConsumedUnits, QueueView } from "@binlog-router/local-aws";
import type { Datum } from "@binlog-router/local-aws/cloudwatch";
import type { FunctionUsage } from "../../lambda/local-function.ts";

/** Values by metric name, as an AWS service publishes them; computed from the stand-ins' counts. */
type Values = Readonly<Record<string, readonly number[]>>;

/** The metrics of SQS. `before` is the same queue at the last look. */
export function queueMetrics(
  view: QueueView,
  before: QueueView | undefined,
  timeMs: number,
): Datum[] {
  const since = (name: "sent" | "received" | "emptyReceives" | "deleted"): number[] => [
    Math.max(0, view[name] - (before?.[name] ?? 0)),
  ];
  return data("AWS/SQS", { QueueName: view.name }, timeMs, {
    ApproximateNumberOfMessagesVisible: [view.visible],
    ApproximateNumberOfMessagesNotVisible: [view.inFlight],
    ApproximateNumberOfMessagesDelayed: [view.delayed],
    ApproximateAgeOfOldestMessage: [Math.floor((view.oldestAgeMs ?? 0) / 1000)],
    NumberOfMessagesSent: since("sent"),
    NumberOfMessagesReceived: since("received"),
    NumberOfMessagesDeleted: since("deleted"),
    NumberOfEmptyReceives: since("emptyReceives"),
  });
}

/** The metrics of Lambda, which publishes none for a function that was not invoked. */
export function functionMetrics(name: string, usage: FunctionUsage, timeMs: number): Datum[] {
  const { invocations, errors, throttles, durationsMs } = usage;
  if (invocations === 0 && throttles === 0) return [];
  return data("AWS/Lambda", { FunctionName: name }, timeMs, {
    Invocations: [invocations],
    Errors: [errors],
    Throttles: [throttles],
    Duration: durationsMs,
  });
}

/** The metrics of DynamoDB. `before` is the same table at the last look. */
export function tableMetrics(
  table: string,
  units: ConsumedUnits,
  before: ConsumedUnits | undefined,
  timeMs: number,
): Datum[] {
  return data("AWS/DynamoDB", { TableName: table }, timeMs, {
    ConsumedReadCapacityUnits: [units.read - (before?.read ?? 0)],
    ConsumedWriteCapacityUnits: [units.write - (before?.write ?? 0)],
  });
}

/** The metrics of ECS: usage in percent of the task's capacity. */
export function serviceMetrics(
  service: { readonly cluster: string; readonly name: string },
  percent: { readonly cpu: number; readonly memory: number },
  timeMs: number,
): Datum[] {
  const dimensions = { ClusterName: service.cluster, ServiceName: service.name };
  return data("AWS/ECS", dimensions, timeMs, {
    CPUUtilization: [percent.cpu],
    MemoryUtilization: [percent.memory],
  });
}

function data(
  namespace: string,
  dimensions: Readonly<Record<string, string>>,
  timeMs: number,
  values: Values,
): Datum[] {
  return Object.entries(values)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => ({ metric: { namespace, name, dimensions }, timeMs, values: list }));
}
