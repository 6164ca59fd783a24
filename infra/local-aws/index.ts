export { startLocalAws, type LocalAws, type LocalAwsOptions } from "./start-local-aws.ts";
export { PortInUseError } from "./http/port-in-use-error.ts";
export type { ServiceName } from "./http/aws-service.ts";
export type { RequestCounts } from "./http/counters.ts";
export type { FaultEffect } from "./http/fault-effects.ts";
export type { Fault, FaultRule, Faults } from "./http/faults.ts";
export type { ConsumedUnits } from "./dynamodb/capacity.ts";
export type { MessageView, QueueInspector, QueueView } from "./sqs/queue-inspector.ts";
export type { LocalClock } from "./time/clock.ts";
