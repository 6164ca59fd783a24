import { environmentQueues, type QueueNaming } from "./queues.ts";

interface Targeted extends QueueNaming {
  readonly subscribers: Readonly<
    Record<string, QueueNaming["subscribers"][string] & { readonly tables: readonly string[] }>
  >;
}

/** Each subscriber with its tables and the environments in which it has a queue. */
export function snapshotTargets(config: Targeted): {
  readonly subscriber: string;
  readonly environments: readonly string[];
  readonly tables: readonly string[];
}[] {
  const queues = Map.groupBy(environmentQueues(config), ({ subscriber }) => subscriber);
  return Object.entries(config.subscribers).map(([subscriber, { tables }]) => ({
    subscriber,
    environments: (queues.get(subscriber) ?? []).map(({ environment }) => environment),
    tables,
  }));
}
