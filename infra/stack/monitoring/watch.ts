import type { ComparisonOperator, IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Configuration } from "../../../config/configuration.ts";
import type { EnvironmentQueuePair } from "../resources/environment-queue-pair.ts";
import type { RawQueue } from "../resources/raw-queue.ts";
import type { RouterFunction } from "../resources/router-function.ts";
import type { SourceMetrics } from "./metrics.ts";
import type { RunbookHeading } from "./runbook.ts";

/** The parts that the alarms watch. */
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

/** A metric and its bound: beyond it, the alarm rings. */
export interface Watch {
  readonly heading: RunbookHeading;
  /**
   * `urgent`: every environment waits, or changes will soon be lost. `notice`: one stream waits, or
   * a person has to look at something.
   */
  readonly severity: "urgent" | "notice";
  /**
   * True for an event, which is not over when the metric returns to zero: the end of the alarm is
   * not announced. Absent: the trouble lasts as long as the metric is beyond its bound.
   */
  readonly isEvent?: true;
  /** The queue or function that is watched, for a heading with several alarms. */
  readonly subject?: string;
  readonly meaning: string;
  readonly metric: IMetric;
  readonly above: number;
  /**
   * How many periods in a row must be beyond the bound; default one. A period is a minute, unless
   * the metric has another.
   */
  readonly periods?: number;
  /** How missing data count. Default: as good; the metric of a heartbeat needs another value. */
  readonly silence?: TreatMissingData;
  readonly operator?: ComparisonOperator;
  /** The SNS topic that gets the alarm instead of the source's topic. */
  readonly topicArn?: string | undefined;
}
