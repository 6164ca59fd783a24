import type { AlarmStatus } from "@binlog-router/local-aws/cloudwatch";
import { alarmFacts, type AlarmFacts } from "../facts/alarm-facts.ts";

/** An alarm with all that its page shows. */
export interface AlarmView extends AlarmFacts {
  /** The condition in words. */
  readonly condition: string;
  readonly recent: AlarmStatus["recent"];
  readonly history: AlarmStatus["history"];
  /** Names of the topics that are told when it begins, and when it ends. */
  readonly tells: readonly string[];
  readonly tellsEnd: readonly string[];
}

export function alarmView(status: AlarmStatus): AlarmView {
  const { definition, recent, history } = status;
  const { metric, statisticName, comparison, threshold, periodMs, evaluationPeriods } = definition;
  const dimensions = Object.entries(metric.dimensions).map(([name, value]) => `${name} ${value}`);
  const minutes = periodMs / 60_000;
  const period = minutes === 1 ? "each minute" : `each ${minutes} minutes`;
  return {
    ...alarmFacts(status),
    condition:
      `${statisticName} of ${metric.namespace} ${metric.name} (${dimensions.join(", ")}) in ${period} is ` +
      `${comparison.words} ${threshold}, ${definition.datapointsToAlarm} of ${evaluationPeriods} in a row; ` +
      `missing data: ${definition.treatMissingData}.`,
    recent,
    history,
    tells: definition.alarmActions,
    tellsEnd: definition.okActions,
  };
}
