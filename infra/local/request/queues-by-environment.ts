import type { Configuration } from "../../../config/configuration.ts";
import { environmentQueues, type EnvironmentQueue } from "../../../config/queues.ts";

/** All environment queues of a configuration, those of the same environment together. */
export function queuesByEnvironment(config: Configuration): EnvironmentQueue[] {
  const queues = environmentQueues(config);
  return [...Map.groupBy(queues, ({ environment }) => environment).values()].flat();
}
