import type { AlarmStatus } from "@binlog-router/local-aws/cloudwatch";
import { READER_METRICS } from "../../../../wire/metrics.ts";
import { anchor, RUNBOOK, type RunbookHeading } from "../../../stack/monitoring/runbook.ts";

/** An alarm as the page and the terminal show it. */
export interface AlarmFacts {
  readonly name: string;
  /** `name` without the system's and the source's names. */
  readonly shortName: string;
  readonly severity: "urgent" | "notice";
  readonly meaning: string;
  readonly heading: RunbookHeading;
  /** The queue whose metric the alarm watches; null where it watches another metric. */
  readonly queue: string | null;
  readonly state: AlarmStatus["state"] | "NOT_HERE";
  readonly reason: string;
  readonly sinceMs: number;
  /** How many of the latest datapoints are beyond the threshold. */
  readonly breaching: number;
  /** How many datapoints beyond the threshold set the alarm off. */
  readonly toAlarm: number;
}

const HEADINGS = new Map(Object.values(RUNBOOK).map((heading) => [anchor(heading), heading]));

export function alarmFacts(status: AlarmStatus): AlarmFacts {
  const { definition, state, reason, sinceMs, recent } = status;
  const { comparison, threshold, datapointsToAlarm: toAlarm } = definition;
  const match = /^(urgent|notice): (.*) Runbook: \S*#(\S+)$/s.exec(definition.description);
  const [, severity, meaning = definition.description, fragment = ""] = match ?? [];
  const heading = HEADINGS.get(fragment);
  if (heading === undefined) throw new RangeError(`${definition.name} names no runbook heading`);
  const isHere = definition.metric.name !== READER_METRICS.standby;
  return {
    name: definition.name,
    shortName: definition.name.slice(definition.name.indexOf(": ") + 2),
    severity: severity === "urgent" ? "urgent" : "notice",
    meaning,
    heading,
    queue: definition.metric.dimensions["QueueName"] ?? null,
    state: isHere ? state : "NOT_HERE",
    reason: isHere ? reason : "One reader runs on this machine, and no second one stands by.",
    sinceMs,
    breaching: recent.filter((value) => value !== null && comparison.breaches(value, threshold))
      .length,
    toAlarm,
  };
}
