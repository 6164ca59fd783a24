import * as z from "zod";
import { UnknownMonitoringError } from "../metrics/errors.ts";
import type { MetricId } from "../metrics/metric.ts";
import { MINUTES_KEPT } from "../metrics/series.ts";
import { statisticNamed, type Statistic } from "../metrics/statistics.ts";

type TreatMissingData = "missing" | "ignore" | "breaching" | "notBreaching";

/** An alarm on one metric. */
export interface AlarmDefinition {
  readonly name: string;
  readonly description: string;
  readonly metric: MetricId;
  readonly statistic: Statistic;
  readonly statisticName: string;
  readonly periodMs: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly treatMissingData: TreatMissingData;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** The topics' names, as in the template. */
  readonly alarmActions: readonly string[];
  readonly okActions: readonly string[];
}

/**
 * How many periods before the evaluation periods CloudWatch searches for datapoints to replace
 * missing ones. CloudWatch documents only that the number depends on the length of the period; in
 * its examples the evaluation range is 5 for 3 evaluation periods.
 */
const EXTRA_PERIODS = 2;

/** The number of latest periods that an evaluation uses. */
export function evaluationRange({
  evaluationPeriods,
}: Pick<AlarmDefinition, "evaluationPeriods">): number {
  return evaluationPeriods + EXTRA_PERIODS;
}

/** A comparison of a value with the threshold, and its name in words. */
interface Comparison {
  readonly breaches: (value: number, threshold: number) => boolean;
  readonly words: string;
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  GreaterThanThreshold: {
    breaches: (value, threshold) => value > threshold,
    words: "greater than",
  },
  GreaterThanOrEqualToThreshold: {
    breaches: (value, threshold) => value >= threshold,
    words: "greater than or equal to",
  },
  LessThanThreshold: { breaches: (value, threshold) => value < threshold, words: "less than" },
  LessThanOrEqualToThreshold: {
    breaches: (value, threshold) => value <= threshold,
    words: "less than or equal to",
  },
};

const dimensions = z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]);
const period = z.int().multipleOf(60);

/** A query for a single metric. CloudFormation uses this form for a metric with a label. */
const query = z.strictObject({
  Id: z.string(),
  Label: z.string().optional(),
  ReturnData: z.literal(true).optional(),
  MetricStat: z.strictObject({
    Metric: z.strictObject({
      Namespace: z.string(),
      MetricName: z.string(),
      Dimensions: dimensions,
    }),
    Period: period,
    Stat: z.string(),
    Unit: z.undefined().optional(),
  }),
});

const properties = z.strictObject({
  AlarmName: z.string(),
  AlarmDescription: z.string().default(""),
  ActionsEnabled: z.literal(true).optional(),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  ComparisonOperator: z.string(),
  Threshold: z.number(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensions,
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Period: period.optional(),
  Metrics: z.array(query).length(1, "metric math over several metrics").optional(),
  EvaluationPeriods: z.int().min(1),
  DatapointsToAlarm: z.int().min(1).optional(),
  TreatMissingData: z.enum(["missing", "ignore", "breaching", "notBreaching"]).optional(),
  Tags: z.unknown().optional(),
});

/**
 * Makes an alarm from the properties of an `AWS::CloudWatch::Alarm` without intrinsic functions.
 * Throws UnknownMonitoringError, which names an unknown property or value.
 */
export function alarmDefinition(given: Readonly<Record<string, unknown>>): AlarmDefinition {
  const where = `the alarm ${JSON.stringify(given["AlarmName"] ?? "without a name")}`;
  const parsed = properties.safeParse(given);
  if (!parsed.success) throw new UnknownMonitoringError(where, problemOf(parsed.error));
  const found = parsed.data;
  const comparison = COMPARISONS[found.ComparisonOperator];
  if (comparison === undefined) {
    throw new UnknownMonitoringError(where, `the comparison ${found.ComparisonOperator}`);
  }
  const watched = watchedMetric(found, where);
  const { EvaluationPeriods: evaluationPeriods } = found;
  if (evaluationRange({ evaluationPeriods }) * watched.periodMs > MINUTES_KEPT * 60_000) {
    throw new UnknownMonitoringError(where, `looking back for more than ${MINUTES_KEPT} minutes`);
  }
  return {
    name: found.AlarmName,
    description: found.AlarmDescription,
    ...watched,
    evaluationPeriods,
    datapointsToAlarm: found.DatapointsToAlarm ?? evaluationPeriods,
    treatMissingData: found.TreatMissingData ?? defaultTreatment(watched.metric),
    comparison,
    threshold: found.Threshold,
    alarmActions: found.AlarmActions,
    okActions: found.OKActions,
  };
}

/** CloudWatch's default; DynamoDB's metrics have one of their own. */
function defaultTreatment({ namespace }: MetricId): TreatMissingData {
  return namespace === "AWS/DynamoDB" ? "ignore" : "missing";
}

/** The alarm's metric, from either of the template's two forms. */
function watchedMetric(
  found: z.infer<typeof properties>,
  where: string,
): Pick<AlarmDefinition, "metric" | "statistic" | "statisticName" | "periodMs"> {
  const [only] = found.Metrics ?? [];
  const metric = only?.MetricStat.Metric ?? found;
  const statisticName =
    only?.MetricStat.Stat ?? found.Statistic ?? found.ExtendedStatistic ?? "none";
  const seconds = only?.MetricStat.Period ?? found.Period;
  if (seconds === undefined) throw new UnknownMonitoringError(where, "alarms without a period");
  return {
    metric: {
      namespace: metric.Namespace ?? "",
      name: metric.MetricName ?? "",
      dimensions: Object.fromEntries(metric.Dimensions.map(({ Name, Value }) => [Name, Value])),
    },
    statistic: statisticNamed(statisticName, where),
    statisticName,
    periodMs: seconds * 1000,
  };
}

/** Describes an unknown property or, if there is none, the first invalid value. */
function problemOf(error: z.ZodError): string {
  const unknown = error.issues.find((issue) => issue.code === "unrecognized_keys");
  const [first] = error.issues;
  if (unknown === undefined) return `the value of ${first?.path.join(".")}: ${first?.message}`;
  return `the property ${[...unknown.path, ...unknown.keys].join(".")}`;
}
