import {
  environmentDeadLetterQueueName,
  environmentQueueName,
  rawQueueName,
  UNROUTED,
} from "../wire/names.ts";

/** A subscriber's queue in an environment. */
export interface EnvironmentQueue {
  readonly subscriber: string;
  readonly environment: string;
  readonly queueName: string;
  readonly deadLetterQueueName: string;
}

/** The parts of a configuration that determine its queues. */
interface QueueNaming {
  readonly name: string;
  readonly environments: Readonly<Record<string, unknown>>;
  readonly subscribers: Readonly<
    Record<string, { readonly environments?: readonly string[] | undefined }>
  >;
  readonly otherUsers: string;
}

/**
 * The environments that can have queues: those of the configuration, and `unrouted` if it gets
 * other users' changes.
 */
export function queueEnvironments({
  environments,
  otherUsers,
}: Pick<QueueNaming, "environments" | "otherUsers">): string[] {
  return [...Object.keys(environments), ...(otherUsers === UNROUTED ? [UNROUTED] : [])];
}

/** All environment queues of a source: one for each subscriber in each of its environments. */
export function environmentQueues(naming: QueueNaming): EnvironmentQueue[] {
  const all = queueEnvironments(naming);
  return Object.entries(naming.subscribers).flatMap(([subscriber, { environments }]) =>
    all
      .filter((environment) => environments?.includes(environment) ?? true)
      .map((environment) => ({
        subscriber,
        environment,
        queueName: environmentQueueName(naming.name, subscriber, environment),
        deadLetterQueueName: environmentDeadLetterQueueName(naming.name, subscriber, environment),
      })),
  );
}

/** The names of all queues of a source. */
export function queueNames(naming: QueueNaming): string[] {
  return [
    rawQueueName(naming.name),
    rawDeadLetterQueueName(naming.name),
    ...environmentQueues(naming).flatMap((one) => [one.queueName, one.deadLetterQueueName]),
  ];
}

/**
 * The name of the stack's output with a queue's URL. Outputs' names consist of letters and digits:
 * `branch-7` becomes `Branch7`.
 */
export function queueOutput({
  subscriber,
  environment,
}: Pick<EnvironmentQueue, "subscriber" | "environment">): string {
  return `Queue${pascalCase(subscriber)}${pascalCase(environment)}`;
}

/** The name of the stack's output with the ARN of an environment's consumer policy. */
export function consumerPolicyOutput(environment: string): string {
  return `ConsumerPolicy${pascalCase(environment)}`;
}

function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

/**
 * The name of the raw queue's dead-letter queue. It gets frames that the route function repeatedly
 * failed to process; an alarm watches it.
 */
export function rawDeadLetterQueueName(source: string): string {
  return rawQueueName(source).replace(/\.fifo$/, "-dead.fifo");
}
