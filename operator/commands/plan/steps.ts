import { CANARY_ENVIRONMENT, CANARY_SUBSCRIBER } from "../../../config/canary-names.ts";
import type { Configuration } from "../../../config/configuration.ts";
import { queueEnvironments, queueNames } from "../../../config/queues.ts";
import {
  decodeRouting,
  encodeRouting,
  type Routing,
  type Subscriber,
} from "../../../config/routing.ts";
import { environmentDeadLetterQueueName, environmentQueueName } from "../../../wire/names.ts";
import type { Deployed } from "../../shared/deployed.ts";
import { readerSteps } from "./reader-steps.ts";
import { secretSteps } from "./secret-steps.ts";
import { settingSteps } from "./setting-steps.ts";
import { change, same, type Step } from "./step.ts";

const SECONDS_A_DAY = 24 * 60 * 60;

/**
 * Lists what deploying the configuration does to a deployed stack and to the waiting messages in
 * its queues.
 */
export function stepsTo(config: Configuration, deployed: Deployed): Step[] {
  const wanted = new Set(queueNames(config));
  const names = [...deployed.queues.keys()];
  const kept = names.filter((name) => wanted.has(name));
  return [
    ...[...wanted].filter((name) => !deployed.queues.has(name)).map(creation),
    ...names
      .filter((name) => !wanted.has(name))
      .map((name) => removal(name, config.name, deployed)),
    ...(kept.length === 0 ? [] : [keeping(kept.length)]),
    ...kept.flatMap((name) => retention(name, config, deployed)),
    ...lanesStep(config, deployed),
    ...otherUsersStep(config, deployed),
    ...routingSteps(decodeRouting(encodeRouting(config)), deployed),
    ...readerSteps(config, deployed),
    ...secretSteps(config, deployed),
    ...settingSteps(config, deployed),
  ];
}

function creation(what: string): Step {
  const text = `creates the queue ${what}; it gets the changes that are routed after the deployment`;
  return { kind: "creates", what, text, losesMessages: false };
}

/** Whether a removed queue is kept depends on the deployed template, not on the new one. */
function removal(what: string, source: string, { queues }: Deployed): Step {
  const { isKept = false, retentionSeconds = 0 } = queues.get(what) ?? {};
  if (!isKept) {
    const isCanary = canaryQueues(source).includes(what);
    const text = `deletes the ${isCanary ? "canary's " : ""}queue ${what}`;
    return { kind: "deletes", what, text, losesMessages: !isCanary };
  }
  const text = `leaves the queue ${what} behind: it gets nothing more, and keeps each message for ${retentionSeconds / SECONDS_A_DAY} days from its sending`;
  return { kind: "leaves", what, text, losesMessages: false };
}

function canaryQueues(source: string): string[] {
  return [environmentQueueName, environmentDeadLetterQueueName].map((nameOf) =>
    nameOf(source, CANARY_SUBSCRIBER, CANARY_ENVIRONMENT),
  );
}

function keeping(count: number): Step {
  const text = `keeps ${count} queues, and the messages in them unless a line below says otherwise`;
  return { kind: "keeps", what: "", text, losesMessages: false };
}

/** SQS applies a new retention period to waiting messages too. */
function retention(what: string, config: Configuration, { queues }: Deployed): Step[] {
  const { retentionSeconds: before = 0 } = queues.get(what) ?? {};
  const { queueDays } = config.retention;
  const after = queueDays * SECONDS_A_DAY;
  if (before === after) return [];
  const text = `${what} keeps messages for ${queueDays} days instead of ${before / SECONDS_A_DAY}${after < before ? "; SQS deletes those that are older" : ""}`;
  const isCanary = canaryQueues(config.name).includes(what);
  return [{ kind: "changes", what, text, losesMessages: after < before && !isCanary }];
}

function lanesStep({ lanes }: Configuration, deployed: Deployed): Step[] {
  if (lanes === deployed.lanes) return [];
  const meaning = deployed.reader.savesLanes
    ? "order is kept, because the reader uses the new number only when everything sent before is delivered and nothing is parked"
    : "the deployed release did not save the number, so the reader uses the new one at once, and frames that wait may be overtaken: deploy this release with the former number first";
  return [change("lanes", `lanes: ${lanes} instead of ${deployed.lanes}; ${meaning}`)];
}

function otherUsersStep({ otherUsers }: Configuration, { routing }: Deployed): Step[] {
  if (otherUsers === routing.otherUsers) return [];
  return [
    change(
      "otherUsers",
      `otherUsers: changes of users in no environment go to ${otherUsers} instead of ${routing.otherUsers}, including those in waiting frames and those that are parked without an author`,
    ),
  ];
}

/** `routing` is the new routing, in the same form as the deployed one. */
function routingSteps(routing: Routing, deployed: Deployed): Step[] {
  return [
    ...Object.entries(routing.environments).flatMap(([name, { users }]) =>
      usersStep(name, users, deployed),
    ),
    ...Object.entries(routing.subscribers).flatMap(([name, subscriber]) =>
      subscriberSteps(name, subscriber, routing, deployed),
    ),
  ];
}

function usersStep(name: string, users: readonly string[], { routing }: Deployed): Step[] {
  const before = routing.environments[name]?.users;
  if (before === undefined || same(before, users)) return [];
  return [
    change(
      `environments.${name}.users`,
      `environments.${name}.users: [${users.join(", ")}] instead of [${before.join(", ")}], also for changes in waiting frames and for what is parked without an author; messages in queues, and what is parked for a queue, stay where they are`,
    ),
  ];
}

/** A connection's parked changes are turned into messages when their author becomes known. */
const PARKED =
  "what is parked for a queue stays as it is; what is parked without an author follows the new configuration";
/** The effect of a change of message groups. */
const GROUPS =
  "messages that wait keep their groups, so a row's changes from before and after the deployment may be handled at the same time; let the queues run empty first where that matters";

/** The effect that a change of a subscriber's key has on waiting messages. `PARKED` follows it. */
const MEANING: Readonly<Partial<Record<keyof Subscriber, string>>> = {
  tables: "changes in frames that wait follow the new list; messages that wait stay as they are",
  ddl: "statements in frames that wait follow it; messages that wait stay as they are",
  groupBy: GROUPS,
  keyBuckets: GROUPS,
  format:
    'messages that wait stay in the former format; the application has to read both, which for "compact" needs the client library of this release',
  encoding:
    "messages that wait stay as they are written; the application has to read both, as the client library of this release does",
  columns:
    "messages that wait keep the columns that they have; without any `columns` the functions lose the secret that opens sealed records, so retry those with the reason fault before the deployment; `columns` that come back later make another secret, with which every masked value has another hash",
  where:
    "messages that wait stay as they are, and rows that only the new condition chooses are not sent until they change",
};
const OTHERWISE = "messages that wait stay as they are";

function subscriberSteps(
  name: string,
  subscriber: Subscriber,
  routing: Routing,
  deployed: Deployed,
): Step[] {
  const before = deployed.routing.subscribers[name];
  if (before === undefined) return [];
  const runsWhereItRan = same(
    subscriber.environments ?? queueEnvironments(routing),
    before.environments ?? queueEnvironments(deployed.routing),
  );
  const keys = Object.keys(before) as (keyof Subscriber)[];
  const all = new Set([...keys, ...(Object.keys(subscriber) as (keyof Subscriber)[])]);
  return (
    [...all]
      .filter((key) => !same(before[key], subscriber[key]))
      // A list of all environments means the same as no list.
      .filter((key) => key !== "environments" || !runsWhereItRan)
      .map((key) => {
        const [now, then] = [subscriber[key], before[key]].map(
          (value) => JSON.stringify(value) ?? "its default",
        );
        return change(
          `subscribers.${name}.${key}`,
          `subscribers.${name}.${key}: ${now} instead of ${then}; ${MEANING[key] ?? OTHERWISE}; ${PARKED}`,
        );
      })
  );
}
