import { isTablePattern, tableMatcher } from "../wire/table-patterns.ts";
import { lowerCaseName } from "../wire/lower-case.ts";
import { rawQueueName, UNROUTED } from "../wire/names.ts";
import { type ConfigProblem, pathText } from "./config-error.ts";
import type { Draft } from "./draft.ts";
import { choosesSomeOf, excludesAll } from "./table-overlap.ts";
import { filterProblems } from "./filter-rules.ts";
import { FORMATS, isMessagePerChange, type Format } from "../wire/formats/formats.ts";
import {
  consumerPolicyOutput,
  environmentQueues,
  queueEnvironments,
  queueOutput,
  rawDeadLetterQueueName,
} from "./queues.ts";
import { DROP } from "./routing.ts";
import { hostWildcardProblems, userClaimProblems } from "./user-claims.ts";

const SQS_LONGEST_NAME = 80;
/** The ids of the stack's policies for consumers begin so: `Consumers-production`. */
const POLICY = "Consumers";

/** The problems that span several keys, so that the schema cannot find them. */
export function crossFieldProblems(draft: Draft): ConfigProblem[] {
  const environments = new Map(Object.entries(draft.environments));
  return [
    ...nameProblems(draft),
    ...policyNameProblems(draft),
    ...queueNameProblems(draft),
    ...outputNameProblems(draft),
    ...userClaimProblems(environments),
    ...hostWildcardProblems(environments),
    ...otherUsersProblems(draft),
    ...statementTableProblems(draft),
    ...subscriberProblems(draft),
    ...filterProblems(draft),
    ...delayProblems(draft),
    ...retentionProblems(draft),
  ];
}

/**
 * Reports names without wildcards in `statementTables` that `source.tables` follows: their changes
 * would stop the reader anyway. Whether case matters in names depends on the server
 * (`lower_case_table_names`), so this reports only names that are followed either way; `doctor`
 * reports the rest.
 */
function statementTableProblems({ sourceTables, statementTables }: Draft): ConfigProblem[] {
  const patterns = sourceTables.filter(isTablePattern);
  const exactly = tableMatcher(patterns);
  const inLowerCase = tableMatcher(patterns.map(lowerCaseName));
  return statementTables.flatMap((pattern, index) => {
    if (/[!*?]/.test(pattern) || !isTablePattern(pattern)) return [];
    const isFollowed =
      exactly(...tableOf(pattern)) && inLowerCase(...tableOf(lowerCaseName(pattern)));
    if (!isFollowed) return [];
    return [
      {
        path: pathText(["source", "statementTables", index]),
        message: `is followed; leave it out of source.tables as well ("!${pattern}")`,
      },
    ];
  });
}

function tableOf(name: string): [database: string, table: string] {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function nameProblems(draft: Draft): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  // The stack's name contains this name, and CloudFormation allows no underscore in it.
  if (draft.name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(draft.name)) {
    problems.push({ path: "name", message: "must consist of letters, digits and hyphens" });
  }
  for (const section of ["environments", "subscribers"] as const) {
    for (const name of Object.keys(draft[section])) {
      if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) continue;
      problems.push({
        path: pathText([section, name]),
        message: "is part of a queue's name, so its name may hold letters, digits, - and _ only",
      });
    }
  }
  for (const reserved of [UNROUTED, DROP].filter((name) =>
    Object.hasOwn(draft.environments, name),
  )) {
    problems.push({
      path: pathText(["environments", reserved]),
      message: "has a reserved name: see otherUsers",
    });
  }
  return problems;
}

/**
 * Reports subscribers whose queues have the id of an environment's policy: "Consumers" in any
 * environment, and "Consumers-a" in "b" where there is an environment "a-b".
 */
function policyNameProblems(draft: Draft): ConfigProblem[] {
  const pairs = environmentQueues({ ...draft, name: "" });
  const policies = new Set(pairs.map(({ environment }) => `${POLICY}-${environment}`));
  const colliding = pairs
    .filter(({ subscriber, environment }) => policies.has(`${subscriber}-${environment}`))
    .map(({ subscriber }) => subscriber);
  return [...new Set(colliding)].map((subscriber) => ({
    path: pathText(["subscribers", subscriber]),
    message: "has a reserved name: the stack uses it for its consumer policies",
  }));
}

/**
 * Reports queue names that are too long, and those that two subscribers share ("a-b" in "c" and "a"
 * in "b-c").
 */
function queueNameProblems({ name, ...draft }: Draft): ConfigProblem[] {
  if (name === undefined) return [];
  const owners = new Map([
    [rawQueueName(name), "the raw queue"],
    [rawDeadLetterQueueName(name), "the raw queue's dead-letter queue"],
  ]);
  const problems: ConfigProblem[] = [];
  for (const queue of environmentQueues({ ...draft, name })) {
    const path = pathText(["subscribers", queue.subscriber]);
    for (const queueName of [queue.queueName, queue.deadLetterQueueName]) {
      const owner = owners.get(queueName);
      if (owner !== undefined) {
        problems.push({
          path,
          message: `would share the queue ${queueName} of its environment ${JSON.stringify(queue.environment)} with ${owner}`,
        });
      }
      owners.set(queueName, `${path} in ${JSON.stringify(queue.environment)}`);
    }
    if (queue.deadLetterQueueName.length > SQS_LONGEST_NAME) {
      problems.push({
        path,
        message: `makes the queue name ${queue.deadLetterQueueName} in the environment ${JSON.stringify(queue.environment)}: ${queue.deadLetterQueueName.length} characters, and SQS allows ${SQS_LONGEST_NAME}`,
      });
    }
  }
  return problems;
}

/** Reports names that collide among the stack's outputs, which keep only letters and digits. */
function outputNameProblems({ name, ...draft }: Draft): ConfigProblem[] {
  if (name === undefined) return [];
  const environments = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const environment of Object.keys(draft.environments)) {
    const output = consumerPolicyOutput(environment);
    const other = environments.get(output);
    if (other !== undefined) {
      problems.push({
        path: pathText(["environments", environment]),
        message: `and ${JSON.stringify(other)} are both ${output} among the stack's outputs, whose names have neither - nor _; rename one`,
      });
    }
    environments.set(output, environment);
  }
  // Colliding environments are reported once, not for each subscriber.
  if (problems.length > 0) return problems;
  const queues = new Map<string, string>();
  for (const queue of environmentQueues({ ...draft, name })) {
    const output = queueOutput(queue);
    const other = queues.get(output);
    if (other !== undefined && other !== queue.queueName) {
      problems.push({
        path: pathText(["subscribers", queue.subscriber]),
        message: `makes the queue ${queue.queueName}, which has the name ${output} among the stack's outputs, as ${other} does; rename one`,
      });
    }
    queues.set(output, queue.queueName);
  }
  return problems;
}

function otherUsersProblems({ otherUsers, environments }: Draft): ConfigProblem[] {
  if ([UNROUTED, DROP, ...Object.keys(environments)].includes(otherUsers)) return [];
  return [
    {
      path: "otherUsers",
      message: `must be "${UNROUTED}", "${DROP}" or the name of an environment, not ${JSON.stringify(otherUsers)}`,
    },
  ];
}

function subscriberProblems(draft: Draft): ConfigProblem[] {
  const environments = queueEnvironments(draft);
  return Object.entries(draft.subscribers).flatMap(([name, subscriber]) => {
    const problems: ConfigProblem[] = [];
    const { format } = subscriber;
    if (subscriber.groupBy === "source" && draft.lanes > 1) {
      problems.push({
        path: pathText(["subscribers", name, "groupBy"]),
        message: `cannot be "source" with ${draft.lanes} lanes: only one lane keeps the order of the whole source`,
      });
    }
    if (subscriber.snapshot === "initial" && isFormat(format) && !FORMATS[format].hasSnapshots) {
      problems.push({
        path: pathText(["subscribers", name, "snapshot"]),
        message: `cannot be "initial" with the format "${format}": the format has no message for a row that already existed`,
      });
    }
    if (subscriber.keyBuckets !== undefined && subscriber.groupBy !== "key") {
      problems.push({
        path: pathText(["subscribers", name, "keyBuckets"]),
        message: 'needs groupBy: "key"',
      });
    }
    if (subscriber.encoding !== undefined && isFormat(format) && isMessagePerChange(format)) {
      problems.push({
        path: pathText(["subscribers", name, "encoding"]),
        message: `cannot be set with the format "${format}": its tools read plain text only`,
      });
    }
    subscriber.environments?.forEach((environment, index) => {
      if (!environments.includes(environment) && environment !== "") {
        problems.push({
          path: pathText(["subscribers", name, "environments", index]),
          message: `names an environment that does not exist: ${JSON.stringify(environment)}`,
        });
      }
    });
    subscriber.tables.forEach((pattern, index) => {
      if (pattern.startsWith("!")) return;
      const path = pathText(["subscribers", name, "tables", index]);
      if (!choosesSomeOf(pattern, draft.sourceTables)) {
        problems.push({ path, message: "chooses no table that source.tables follows" });
      }
      const exclusion = draft.sourceTables.find((each) => excludesAll(each, pattern));
      if (exclusion !== undefined) {
        problems.push({
          path,
          message: `chooses only what source.tables leaves out: ${JSON.stringify(exclusion)}`,
        });
      }
    });
    return problems;
  });
}

/** Whether the format is known. The schema reports an unknown one. */
function isFormat(format: unknown): format is Format {
  return Object.hasOwn(FORMATS, String(format));
}

/** Reports a `delivery.delayMs` whose waits, which count as lag, could raise the alarm for lag. */
function delayProblems({ delayMs, lagSeconds }: Draft): ConfigProblem[] {
  if (delayMs <= lagSeconds * 500) return [];
  return [
    {
      path: "delivery.delayMs",
      message: `must be at most half of alarms.lagSeconds, ${lagSeconds * 500}`,
    },
  ];
}

/**
 * Reports bodies that expire too early: a message may wait in its queue and then in the dead-letter
 * queue, and its body in the bucket must last as long.
 */
function retentionProblems({ queueDays, payloadDays }: Draft): ConfigProblem[] {
  if (payloadDays >= 2 * queueDays) return [];
  return [
    {
      path: "retention.payloadDays",
      message: `must be at least twice retention.queueDays, ${2 * queueDays}`,
    },
  ];
}
