import type { AlarmDefinition } from "./alarm-definition.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/**
 * A period's datapoint: whether it breaches the threshold; undefined when nothing came in that
 * period.
 */
export type Datapoint = boolean | undefined;

type Rules = Pick<AlarmDefinition, "evaluationPeriods" | "datapointsToAlarm" | "treatMissingData">;

/**
 * How many periods CloudWatch looks back over beyond the evaluation periods, for datapoints in
 * place of missing ones. It does not document the number; in its examples the evaluation range is 5
 * for 3 evaluation periods.
 */
const EXTRA_PERIODS = 2;

/** How many of the latest periods an evaluation looks at. */
export function evaluationRange({ evaluationPeriods }: Pick<Rules, "evaluationPeriods">): number {
  return evaluationPeriods + EXTRA_PERIODS;
}

/**
 * The state that follows from the datapoints of the evaluation range, oldest first; null: it stays
 * what it is. The rules are CloudWatch's
 * (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html):
 *
 * - With enough real datapoints in the range, the newest of them count and missing ones do not
 *   matter.
 * - With fewer, all of them count, and only as many missing ones as the evaluation periods lack are
 *   filled in.
 * - With none, `treatMissingData` alone decides.
 * - "Premature alarm": all datapoints breach and the oldest is old enough, so missing ones would
 *   only delay the alarm.
 */
export function evaluateDatapoints(
  range: readonly Datapoint[],
  { evaluationPeriods, datapointsToAlarm, treatMissingData }: Rules,
): AlarmState | null {
  const real = range.filter((datapoint) => datapoint !== undefined);
  const counted = real.slice(-evaluationPeriods);
  const breaching = counted.filter(Boolean).length;
  const missing = evaluationPeriods - counted.length;
  const judge = (count: number): AlarmState => (count >= datapointsToAlarm ? "ALARM" : "OK");
  if (missing === 0 || breaching >= datapointsToAlarm) return judge(breaching);
  switch (treatMissingData) {
    case "breaching":
      return judge(breaching + missing);
    case "notBreaching":
      return judge(breaching);
    case "missing":
      if (real.length === 0) return "INSUFFICIENT_DATA";
      return isPremature(range, datapointsToAlarm) ? "ALARM" : "OK";
    case "ignore":
      if (real.length === 0 || isPremature(range, datapointsToAlarm)) return null;
      return "OK";
    default:
      return treatMissingData satisfies never;
  }
}

function isPremature(range: readonly Datapoint[], datapointsToAlarm: number): boolean {
  const oldest = range.findIndex((datapoint) => datapoint !== undefined);
  const allBreach = range.every((datapoint) => datapoint !== false);
  return allBreach && range.length - oldest >= datapointsToAlarm;
}
