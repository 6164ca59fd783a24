import { invalidParameter, SqsError } from "./errors.ts";
import { LONGEST_VISIBILITY_SECONDS } from "./queue-limits.ts";
import { parseRedriveAllowPolicy, parseRedrivePolicy } from "./redrive-policy.ts";

/** A queue's settings as in the API: every value is a text. */
export type QueueAttributes = Readonly<Record<string, string>>;

interface AttributeRule {
  /** The value in a new queue; undefined: the attribute is absent unless set. */
  readonly initial?: string;
  readonly fifoOnly?: boolean;
  readonly accepts: (value: string) => boolean;
}

const RULES: Readonly<Record<string, AttributeRule>> = {
  VisibilityTimeout: { initial: "30", accepts: between(0, LONGEST_VISIBILITY_SECONDS) },
  DelaySeconds: { initial: "0", accepts: between(0, 900) },
  MaximumMessageSize: { initial: "1048576", accepts: between(1024, 1_048_576) },
  MessageRetentionPeriod: { initial: "345600", accepts: between(60, 1_209_600) },
  ReceiveMessageWaitTimeSeconds: { initial: "0", accepts: between(0, 20) },
  SqsManagedSseEnabled: { initial: "true", accepts: oneOf("true", "false") },
  KmsMasterKeyId: { accepts: () => true },
  KmsDataKeyReusePeriodSeconds: { accepts: between(60, 86_400) },
  Policy: { accepts: isJsonOrEmpty },
  RedrivePolicy: { accepts: (value) => value === "" || parseRedrivePolicy(value) !== undefined },
  RedriveAllowPolicy: {
    accepts: (value) => value === "" || parseRedriveAllowPolicy(value) !== undefined,
  },
  FifoQueue: { fifoOnly: true, accepts: oneOf("true") },
  ContentBasedDeduplication: { initial: "false", fifoOnly: true, accepts: oneOf("true", "false") },
  DeduplicationScope: { initial: "queue", fifoOnly: true, accepts: oneOf("queue", "messageGroup") },
  FifoThroughputLimit: {
    initial: "perQueue",
    fifoOnly: true,
    accepts: oneOf("perQueue", "perMessageGroupId"),
  },
};

/** The attributes of a new queue: those given, and defaults for the others. Throws SqsError. */
export function newQueueAttributes(given: QueueAttributes, fifo: boolean): QueueAttributes {
  const initial: Record<string, string> = fifo ? { FifoQueue: "true" } : {};
  for (const [name, rule] of Object.entries(RULES)) {
    if (rule.initial !== undefined && (fifo || !rule.fifoOnly)) initial[name] = rule.initial;
  }
  return changedQueueAttributes(initial, given, fifo);
}

/**
 * A queue's attributes after a change. An empty text removes an optional attribute. Throws
 * SqsError.
 */
export function changedQueueAttributes(
  present: QueueAttributes,
  given: QueueAttributes,
  fifo: boolean,
): QueueAttributes {
  const changed: Record<string, string> = { ...present };
  for (const [name, value] of Object.entries(given)) {
    const rule = RULES[name];
    if (rule === undefined || (rule.fifoOnly && !fifo))
      throw new SqsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
    if (!rule.accepts(value)) throw refusal(name, value);
    if (value === "" && rule.initial === undefined) delete changed[name];
    else changed[name] = value;
  }
  if (given["KmsMasterKeyId"]) changed["SqsManagedSseEnabled"] = "false";
  if (
    changed["FifoThroughputLimit"] === "perMessageGroupId" &&
    changed["DeduplicationScope"] !== "messageGroup"
  ) {
    throw new SqsError(
      "InvalidAttributeValue",
      "The perMessageGroupId value for FifoThroughputLimit is allowed only when the value for DeduplicationScope is messageGroup.",
    );
  }
  return changed;
}

/**
 * The name of an attribute for which a repeated CreateQueue gives a different value; undefined when
 * all are equal.
 */
export function differingAttribute(
  present: QueueAttributes,
  given: QueueAttributes,
): string | undefined {
  return Object.keys(given).find((name) => !sameValue(present[name] ?? "", given[name] ?? ""));
}

/**
 * The error for an invalid value. For an invalid dead-letter queue, SQS reports an invalid
 * parameter.
 */
function refusal(name: string, value: string): SqsError {
  return name === "RedrivePolicy"
    ? invalidParameter(name, value, "Invalid value for deadLetterTargetArn.")
    : new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
}

function sameValue(one: string, other: string): boolean {
  return one === other || (one.startsWith("{") && canonical(one) === canonical(other));
}

/**
 * JSON with sorted keys and with numbers as texts, because SQS treats a maxReceiveCount of "3" like
 * 3.
 */
function canonical(text: string): string {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return JSON.stringify(
      Object.entries(value)
        .map(
          ([key, member]) => [key, typeof member === "number" ? String(member) : member] as const,
        )
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  } catch {
    return text;
  }
}

function between(least: number, most: number): (value: string) => boolean {
  return (value) => /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most;
}

function oneOf(...values: string[]): (value: string) => boolean {
  return (value) => values.includes(value);
}

function isJsonOrEmpty(value: string): boolean {
  if (value === "") return true;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
