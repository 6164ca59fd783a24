import type { ComparisonOperator, IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Configuration } from "../../../config/configuration.ts";
import type { EnvironmentQueuePair } from "../resources/environment-queue-pair.ts";
import type { RawQueue } from "../resources/raw-queue.ts";
import type { RouterFunction } from "../resources/router-function.ts";
import type { SourceMetrics } from "./metrics.ts";
import type { RunbookHeading } from "./runbook.ts";

/** What the alarms look at. */
export interface WatchedParts {
  readonly settings: Configuration["alarms"];
  readonly environments: Configuration["environments"];
  readonly metrics: SourceMetrics;
  readonly raw: RawQueue;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly route: RouterFunction;
  readonly retry: RouterFunction;
  readonly hasCanary: boolean;
}

/** A metric and the bound beyond which it is an alarm. */
export interface Watch {
  readonly heading: RunbookHeading;
  /**
   * `urgent`: every environment waits, or changes are soon lost. `notice`: one stream waits, or
   * somebody has to look at it.
   */
  readonly severity: "urgent" | "notice";
  /**
   * Something happened, and is not undone when the metric goes back to zero by itself: the end of
   * the alarm is not announced. Left out: the trouble lasts as long as the metric is beyond its
   * bound.
   */
  readonly isEvent?: true;
  /** What is watched, where a heading has several alarms: a queue's or a function's name. */
  readonly subject?: string;
  readonly meaning: string;
  readonly metric: IMetric;
  readonly above: number;
  /**
   * The metric's periods in a row (a minute each, unless the metric says otherwise), default one.
   */
  readonly periods?: number;
  /** Silence counts as good, unless the metric is a heartbeat. */
  readonly silence?: TreatMissingData;
  readonly operator?: ComparisonOperator;
  /** The SNS topic that gets the alarm in place of the source's own. */
  readonly topicArn?: string | undefined;
}
