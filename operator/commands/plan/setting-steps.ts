import type { Configuration } from "../../../config/configuration.ts";
import {
  environmentQueues,
  type EnvironmentQueue,
  queueEnvironments,
} from "../../../config/queues.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import type { Deployed, DeployedQueue } from "../../shared/deployed.ts";
import { change, same, type Step } from "./step.ts";

const HOURS_A_DAY = 24;
const SECONDS_AN_HOUR = 3600;

/**
 * The steps for changed settings of queues, bucket and tables, with their effect on waiting
 * messages: how often they may be received, by whom, and how long their payloads are kept.
 */
export function settingSteps(config: Configuration, deployed: Deployed): Step[] {
  const pairs = environmentQueues(config).flatMap((names) => {
    const queue = deployed.queues.get(names.queueName);
    const dead = deployed.queues.get(names.deadLetterQueueName);
    return queue === undefined || dead === undefined ? [] : [{ names, queue, dead }];
  });
  return [
    ...Object.keys(config.subscribers).flatMap((name) => {
      const pair = pairs.find(({ names }) => names.subscriber === name);
      return pair === undefined ? [] : receiptSteps(name, config, pair.queue);
    }),
    ...Object.keys(config.environments).flatMap((name) => {
      const pair = pairs.find(({ names }) => names.environment === name);
      return pair === undefined ? [] : consumersStep(name, config, pair.queue);
    }),
    ...openedSteps(config, deployed),
    ...operatorsStep(config, pairs[0]?.dead),
    ...payloadSteps(config, deployed),
    ...keyStep(config, deployed),
    ...restoredTablesStep(config, deployed),
  ];
}

/** Changes of a subscriber's visibility timeout and maximum number of receipts. */
function receiptSteps(name: string, config: Configuration, before: DeployedQueue): Step[] {
  const now = config.subscribers[name];
  if (now === undefined) return [];
  const { visibilitySeconds, maxReceives } = now;
  const steps: Step[] = [];
  if (visibilitySeconds !== before.visibilitySeconds) {
    const what = `subscribers.${name}.visibilitySeconds`;
    steps.push(
      change(
        what,
        `${what}: ${visibilitySeconds} instead of ${before.visibilitySeconds}; a message that is being handled keeps the time that it was received with; one that waits gets the new time with its next receipt`,
      ),
    );
  }
  if (before.maxReceives !== null && maxReceives !== before.maxReceives) {
    const what = `subscribers.${name}.maxReceives`;
    const meaning =
      maxReceives < before.maxReceives
        ? `a message that waits and was received ${maxReceives} times already goes to the dead-letter queue instead of being received again`
        : "messages that wait keep their number of receipts; messages in a dead-letter queue stay there";
    steps.push(
      change(what, `${what}: ${maxReceives} instead of ${before.maxReceives}; ${meaning}`),
    );
  }
  return steps;
}

function consumersStep(name: string, config: Configuration, before: DeployedQueue): Step[] {
  const now = config.environments[name]?.consumers ?? [];
  if (same(now.toSorted(), before.consumers.toSorted())) return [];
  const what = `environments.${name}.consumers`;
  const meaning =
    now.length === 0
      ? "messages that wait can be read by whoever IAM allows"
      : "messages that wait stay, and from then on only the listed principals can receive them";
  return [
    change(what, `${what}: ${listed(now)} instead of ${listed(before.consumers)}; ${meaning}`),
  ];
}

/**
 * Removed environments that listed `consumers`. Their queues keep their policies. The policy of the
 * payload bucket belongs to all environments and names only those of the configuration.
 */
function openedSteps({ name, environments }: Configuration, deployed: Deployed): Step[] {
  const { routing, queues } = deployed;
  return queueEnvironments(routing)
    .filter((environment) => !Object.hasOwn(environments, environment))
    .filter((environment) =>
      Object.keys(routing.subscribers).some((subscriber) => {
        const queue = queues.get(environmentQueueName(name, subscriber, environment));
        return queue !== undefined && queue.isKept && queue.consumers.length > 0;
      }),
    )
    .map((environment) => {
      const what = `environments.${environment}`;
      return change(
        what,
        `${what} is removed with its consumers: its queues stay closed to others, but large payloads of messages that wait in them can be read by whoever IAM allows; let the queues run empty first, or keep the environment with its consumers, left out of the subscribers' environments, until the queues are discarded`,
      );
    });
}

function listed(arns: readonly string[]): string {
  return arns.length === 0 ? "whoever IAM allows" : `[${arns.join(", ")}]`;
}

/** `dead` is any dead-letter queue of an environment, because all have the same operators. */
function operatorsStep({ operators }: Configuration, dead: DeployedQueue | undefined): Step[] {
  if (dead === undefined || same(operators.toSorted(), dead.operators.toSorted())) return [];
  const text = `operators: [${operators.join(", ")}] instead of [${dead.operators.join(", ")}]; messages that wait stay, also in dead-letter queues, and these principals may move them back`;
  return [change("operators", text)];
}

/**
 * S3 applies a shorter retention to existing objects too. The configuration's check ensures that it
 * suffices for the queues in the configuration. Queues that earlier deployments left behind keep
 * messages as long as before, so their payloads may be deleted too early.
 */
function payloadSteps(config: Configuration, { payloadDays: before, queues }: Deployed): Step[] {
  const { payloadDays: after } = config.retention;
  if (before === null || before === after) return [];
  const what = "retention.payloadDays";
  const text = `${what}: large payloads of messages are kept for ${after} days instead of ${before}`;
  if (after > before) return [change(what, `${text}, including those of messages that wait`)];
  const wanted = environmentQueues(config);
  const short = [...queues]
    .filter(([name, { isKept }]) => isKept && !isWanted(name, wanted))
    .filter(([, queue]) => longestDays(queue) > after)
    .map(([name]): Step => ({
      kind: "changes",
      what: name,
      text: `${name} keeps messages for longer than ${after} days, after which S3 deletes their large payloads`,
      losesMessages: true,
    }));
  return [
    change(
      what,
      `${text}; S3 deletes those that are older, which no message needs, except in queues that earlier deployments left behind`,
    ),
    ...short,
  ];
}

function isWanted(name: string, pairs: readonly EnvironmentQueue[]): boolean {
  return pairs.some((pair) => pair.queueName === name || pair.deadLetterQueueName === name);
}

/**
 * The maximum age of a message in a queue, days. Messages in a dead-letter queue, which has no
 * `maxReceives`, were in another queue before.
 */
function longestDays({ retentionSeconds, maxReceives }: DeployedQueue): number {
  const days = retentionSeconds / (SECONDS_AN_HOUR * HOURS_A_DAY);
  return maxReceives === null ? 2 * days : days;
}

/**
 * SQS and S3 decrypt with the key with which a message or object was encrypted, and ask for the
 * reader's permission on that key.
 */
function keyStep({ encryptionKeyArn: now }: Configuration, { queues }: Deployed): Step[] {
  const before = [...queues.values()].find(({ keyArn }) => keyArn !== null)?.keyArn ?? undefined;
  if (before === now) return [];
  const what = "encryptionKeyArn";
  const [then, next] = [before, now].map((key) => key ?? "AWS's own keys");
  const meaning =
    before === undefined
      ? "messages that wait stay as they are, and whoever receives later ones needs kms:Decrypt on the key"
      : "messages, frames and payloads that wait stay encrypted with the former key, and the stack's roles and policies lose their permissions on that key: let all queues run empty first, or allow kms:Decrypt on it for as long as they wait";
  return [change(what, `${what}: ${next} instead of ${then}; ${meaning}`)];
}

function restoredTablesStep({ restoredTables: now }: Configuration, deployed: Deployed): Step[] {
  const before = deployed.restoredTables;
  const names = (tables: typeof before | undefined): string =>
    tables === null || tables === undefined
      ? "the stack's own"
      : [tables.offsets, tables.sessions, tables.failures].join(", ");
  if (names(now) === names(before)) return [];
  return [
    change(
      "restoredTables",
      `restoredTables: the parts work with ${names(now)} instead of ${names(before)}; messages in queues stay, but frames in the raw queue and parked changes belong to the former tables: follow docs/deploying.md ("The router's own tables")`,
    ),
  ];
}
