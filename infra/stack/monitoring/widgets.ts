import { Duration } from "aws-cdk-lib";
import { GraphWidget, Stats, type IMetric, type MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import type { Queue } from "aws-cdk-lib/aws-sqs";

export const PERIOD = Duration.minutes(1);

/** Widths and height in grid units of CloudWatch's console. */
export const FULL = 24;
export const HALF = 12;
export const THIRD = 8;
export const HEIGHT = 6;

/** A graph of lines from zero; lines with another unit use the right axis. */
export function graph(
  title: string,
  width: number,
  left: IMetric[],
  right: IMetric[] = [],
): GraphWidget {
  const axis = { min: 0 };
  return new GraphWidget({
    title,
    width,
    height: HEIGHT,
    left,
    leftYAxis: axis,
    ...(right.length > 0 && { right, rightYAxis: axis }),
  });
}

/** A graph of stacked lines, which are parts of a sum. */
export function stacked(title: string, width: number, left: IMetric[]): GraphWidget {
  return new GraphWidget({
    title,
    width,
    height: HEIGHT,
    left,
    stacked: true,
    leftYAxis: { min: 0 },
  });
}

/** Options for a labelled sum per minute. */
export function sum(label: string): MetricOptions {
  return { period: PERIOD, statistic: Stats.SUM, label };
}

/** How long the oldest message has waited, seconds. */
export function oldest(queue: Queue, label: string): IMetric {
  return queue.metricApproximateAgeOfOldestMessage({
    period: PERIOD,
    statistic: Stats.MAXIMUM,
    label,
  });
}

/** How many messages wait to be received. */
export function visible(queue: Queue, label: string): IMetric {
  return queue.metricApproximateNumberOfMessagesVisible({
    period: PERIOD,
    statistic: Stats.MAXIMUM,
    label,
  });
}
