import type { Configuration } from "../../../config/configuration.ts";
import { environmentQueues, type EnvironmentQueue } from "../../../config/queues.ts";

/** Every environment queue of a configuration, those of one environment next to each other. */
export function queuesByEnvironment(config: Configuration): EnvironmentQueue[] {
  const queues = environmentQueues(config);
  return [...Map.groupBy(queues, ({ environment }) => environment).values()].flat();
}
