import type { AlarmDefinition } from "./alarm-definition.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/**
 * Whether a period's datapoint breaches the threshold; undefined when the period has no datapoint.
 */
export type Datapoint = boolean | undefined;

type Rules = Pick<AlarmDefinition, "evaluationPeriods" | "datapointsToAlarm" | "treatMissingData">;

/**
 * The state that follows from the datapoints of the evaluation range, oldest first; null: the state
 * does not change. The rules are those of "Configuring how CloudWatch alarms treat missing data"
 * (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html):
 *
 * - With enough real datapoints in the range, the newest count and missing ones are ignored.
 * - With fewer, all of them count, and missing ones are filled in up to the number of evaluation
 *   periods.
 * - With none, `treatMissingData` alone decides.
 * - "Premature alarm": if all real datapoints breach and the oldest is as old as the datapoints to
 *   alarm, `missing` gives ALARM and `ignore` keeps the state.
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
