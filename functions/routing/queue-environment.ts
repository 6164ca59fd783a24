import { environmentQueues } from "../../config/queues.ts";
import type { Routing } from "../../config/routing.ts";

/** The environment of a queue, by the queue's name; undefined: the configuration has no such. */
export type QueueEnvironment = (queueName: string) => string | undefined;

export function queueEnvironment(source: string, routing: Routing): QueueEnvironment {
  const environments = new Map(
    environmentQueues({ name: source, ...routing }).map(({ queueName, environment }) => [
      queueName,
      environment,
    ]),
  );
  return (queueName) => environments.get(queueName);
}
