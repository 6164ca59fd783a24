import type { AlarmStatus } from "@binlog-router/local-aws/cloudwatch";
import { alarmFacts, type AlarmFacts } from "../facts/alarm-facts.ts";

/** An alarm with everything that its page shows. */
export interface AlarmView extends AlarmFacts {
  /** The condition in words. */
  readonly condition: string;
  readonly recent: AlarmStatus["recent"];
  readonly history: AlarmStatus["history"];
  /** The topics that are notified when the alarm begins to ring. */
  readonly tells: readonly string[];
  /** The topics that are notified when it returns to OK. */
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
