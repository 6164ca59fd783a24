import { Duration } from "aws-cdk-lib";
import { Stats, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { EnvironmentQueuePair } from "../resources/environment-queue-pair.ts";
import { RUNBOOK } from "./runbook.ts";
import type { Watch, WatchedParts } from "./watch.ts";

/** The watches of one subscriber's queue in one environment. */
export function queueWatches(
  { names, queue, deadLetterQueue }: EnvironmentQueuePair,
  { settings, environments }: WatchedParts,
): Watch[] {
  const subject = `${names.subscriber} ${names.environment}`;
  const { queueAgeSeconds = settings.queueAgeSeconds, topicArn } =
    environments[names.environment]?.alarms ?? {};
  const dead = { ...deadLetterWatch(deadLetterQueue, subject), topicArn };
  if (queueAgeSeconds === "off") return [dead];
  const age: Watch = {
    heading: RUNBOOK.queueAge,
    severity: "notice",
    subject,
    meaning: `${names.subscriber} in ${names.environment} has left a message unhandled for more than ${queueAgeSeconds} s.`,
    metric: oldestMessage(queue),
    above: queueAgeSeconds,
    periods: 3,
    topicArn,
  };
  return [age, dead];
}

export function deadLetterWatch(queue: Queue, subject: string): Watch {
  return {
    heading: RUNBOOK.deadLetters,
    severity: "notice",
    subject,
    meaning: `The dead-letter queue of ${subject} holds messages.`,
    metric: queue.metricApproximateNumberOfMessagesVisible({
      period: Duration.minutes(1),
      statistic: Stats.MAXIMUM,
    }),
    above: 0,
  };
}

export function oldestMessage(queue: Queue): IMetric {
  return queue.metricApproximateAgeOfOldestMessage({
    period: Duration.minutes(1),
    statistic: Stats.MAXIMUM,
  });
}
