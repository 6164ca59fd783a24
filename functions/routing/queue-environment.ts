import { environmentQueues } from "../../config/queues.ts";
import type { Routing } from "../../config/routing.ts";

/**
 * Returns the environment of a queue by its name; undefined when the configuration does not have
 * the queue.
 */
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
