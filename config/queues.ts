import {
  environmentDeadLetterQueueName,
  environmentQueueName,
  rawQueueName,
  UNROUTED,
} from "../wire/names.ts";

/** One subscriber's queue in one environment. */
export interface EnvironmentQueue {
  readonly subscriber: string;
  readonly environment: string;
  readonly queueName: string;
  readonly deadLetterQueueName: string;
}

/** The part of a configuration that decides which queues there are. */
interface QueueNaming {
  readonly name: string;
  readonly environments: Readonly<Record<string, unknown>>;
  readonly subscribers: Readonly<
    Record<string, { readonly environments?: readonly string[] | undefined }>
  >;
  readonly otherUsers: string;
}

/**
 * The environments that can have queues: those of the configuration, and `unrouted` when other
 * users' changes go there.
 */
export function queueEnvironments({
  environments,
  otherUsers,
}: Pick<QueueNaming, "environments" | "otherUsers">): string[] {
  return [...Object.keys(environments), ...(otherUsers === UNROUTED ? [UNROUTED] : [])];
}

/** Every environment queue of a source: each subscriber in each of its environments. */
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

/**
 * The output of the stack that has a queue's URL. Names of outputs hold letters and digits only:
 * `branch-7` becomes `Branch7`.
 */
export function queueOutput({
  subscriber,
  environment,
}: Pick<EnvironmentQueue, "subscriber" | "environment">): string {
  return `Queue${pascalCase(subscriber)}${pascalCase(environment)}`;
}

/** The output that has the ARN of an environment's consumer policy. */
export function consumerPolicyOutput(environment: string): string {
  return `ConsumerPolicy${pascalCase(environment)}`;
}

function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

/** Where frames go that the route function could not even look at: for disasters, with an alarm. */
export function rawDeadLetterQueueName(source: string): string {
  return rawQueueName(source).replace(/\.fifo$/, "-dead.fifo");
}
