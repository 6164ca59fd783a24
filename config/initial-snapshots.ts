import type { Configuration } from "./configuration.ts";
import { environmentQueues } from "./queues.ts";

type Snapshotted = Pick<Configuration, "name" | "environments" | "subscribers" | "otherUsers">;

/** The queues that get the existing rows of their subscriber's tables when they are new. */
export function initialSnapshots(config: Snapshotted): {
  readonly subscriber: string;
  readonly environment: string;
  readonly tables: readonly string[];
}[] {
  return environmentQueues(config).flatMap(({ subscriber, environment }) => {
    const { snapshot, tables } = config.subscribers[subscriber] ?? {};
    return snapshot === "initial" && tables !== undefined
      ? [{ subscriber, environment, tables }]
      : [];
  });
}
