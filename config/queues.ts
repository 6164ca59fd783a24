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

/** What decides which queues there are. */
export interface QueueNaming {
  readonly name: string;
  readonly environments: Iterable<string>;
  readonly subscribers: ReadonlyMap<
    string,
    { readonly environments?: readonly string[] | undefined }
  >;
  readonly otherUsers: string;
}

/** Every environment queue of a source: each subscriber in each of its environments, `unrouted` included when it is used. */
export function environmentQueues(naming: QueueNaming): EnvironmentQueue[] {
  const all = [...naming.environments];
  if (naming.otherUsers === UNROUTED) all.push(UNROUTED);
  return [...naming.subscribers].flatMap(([subscriber, { environments }]) =>
    all
      .filter((environment) => environments === undefined || environments.includes(environment))
      .map((environment) => ({
        subscriber,
        environment,
        queueName: environmentQueueName(naming.name, subscriber, environment),
        deadLetterQueueName: environmentDeadLetterQueueName(naming.name, subscriber, environment),
      })),
  );
}

/** Where frames go that the route function could not even look at: for disasters, with an alarm. */
export function rawDeadLetterQueueName(source: string): string {
  return rawQueueName(source).replace(/\.fifo$/, "-dead.fifo");
}
