import { Stack } from "aws-cdk-lib";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { HostedConfiguration } from "../../../config/configuration.ts";
import { CANARY_ENVIRONMENT } from "../../../config/canary-names.ts";
import { environmentQueues } from "../../../config/queues.ts";
import { ConsumerPolicy } from "./consumer-policy.ts";
import { Consumers } from "./consumers.ts";
import type { EncryptionKey } from "./encryption.ts";
import { EnvironmentQueuePair } from "./environment-queue-pair.ts";

/** What all queues of the environments share. */
export interface QueueSurroundings {
  readonly consumers: ReadonlyMap<string, Consumers>;
  readonly payloads: Bucket;
  readonly key: EncryptionKey | null;
}

/** The consumers of each environment that has queues. */
export function consumersOf(scope: Construct, config: HostedConfiguration): Map<string, Consumers> {
  const environments = new Set([
    ...Object.keys(config.environments),
    ...environmentQueues(config).map(({ environment }) => environment),
  ]);
  return new Map(
    [...environments].map((environment) => {
      const listed = config.environments[environment]?.consumers ?? [];
      return [environment, new Consumers(Stack.of(scope), environment, listed)];
    }),
  );
}

/** A pair of queues for each subscriber in each of its environments. */
export function queuePairs(
  scope: Construct,
  config: HostedConfiguration,
  { consumers, payloads, key }: QueueSurroundings,
): EnvironmentQueuePair[] {
  return environmentQueues(config).map((names) => {
    const subscriber = config.subscribers[names.subscriber];
    if (subscriber === undefined) throw new RangeError(`no subscriber ${names.subscriber}`);
    return new EnvironmentQueuePair(scope, `${names.subscriber}-${names.environment}`, {
      source: config.name,
      names,
      // The canary's messages need not be kept.
      isKept: names.environment !== CANARY_ENVIRONMENT,
      visibilitySeconds: subscriber.visibilitySeconds,
      maxReceives: subscriber.maxReceives,
      retentionDays: config.retention.queueDays,
      consumers: consumersIn(consumers, names.environment),
      payloads,
      key,
      operators: config.operators,
    });
  });
}

/** A policy for each environment that has queues. */
export function consumerPolicies(
  scope: Construct,
  pairs: readonly EnvironmentQueuePair[],
  { consumers, payloads, key }: QueueSurroundings,
): ConsumerPolicy[] {
  return [...Map.groupBy(pairs, ({ names }) => names.environment)].map(
    ([environment, ofEnvironment]) =>
      new ConsumerPolicy(scope, `Consumers-${environment}`, {
        pairs: ofEnvironment,
        payloads,
        key,
        consumers: consumersIn(consumers, environment),
      }),
  );
}

function consumersIn(consumers: ReadonlyMap<string, Consumers>, environment: string): Consumers {
  const found = consumers.get(environment);
  if (found === undefined) throw new RangeError(`no environment ${environment}`);
  return found;
}
