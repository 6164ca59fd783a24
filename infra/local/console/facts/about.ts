import { CANARY_ENVIRONMENT } from "../../../../config/canary-names.ts";
import { RUNBOOK, type RunbookHeading } from "../../../stack/monitoring/runbook.ts";
import type { AlarmFacts } from "./alarm-facts.ts";
import type { Facts } from "./facts.ts";

/** A station on the way of a change, which has a card on the page. */
type Station = "source" | "reader" | "raw" | "failures";

/** The station that each alarm is about; null: a queue, which its metric or its heading tells. */
const STATIONS: Readonly<Record<RunbookHeading, Station | null>> = {
  [RUNBOOK.readerNotReporting]: "reader",
  [RUNBOOK.readerStopped]: "reader",
  [RUNBOOK.readerHeldUp]: "reader",
  [RUNBOOK.readerRestarts]: "reader",
  [RUNBOOK.standbyMissing]: "reader",
  [RUNBOOK.canaryMissing]: null,
  [RUNBOOK.lag]: "reader",
  [RUNBOOK.retentionRisk]: "reader",
  [RUNBOOK.rawQueueAge]: "raw",
  [RUNBOOK.framesReturned]: "raw",
  [RUNBOOK.gap]: "raw",
  [RUNBOOK.onlyRepeats]: "raw",
  [RUNBOOK.unattributed]: "failures",
  [RUNBOOK.userChanges]: "reader",
  [RUNBOOK.preparedXa]: "reader",
  [RUNBOOK.unknownXa]: "reader",
  [RUNBOOK.faults]: "failures",
  [RUNBOOK.failuresPending]: "failures",
  [RUNBOOK.failuresDead]: "failures",
  [RUNBOOK.deadLetters]: null,
  [RUNBOOK.queueAge]: null,
  [RUNBOOK.functionErrors]: "raw",
  [RUNBOOK.functionThrottles]: "raw",
  [RUNBOOK.retryNotRunning]: "failures",
  [RUNBOOK.snapshotStopped]: "reader",
  [RUNBOOK.leaseFlapping]: "reader",
};

/** The stations and the environments' queues that an alarm is about. */
export function aboutAlarm(
  { heading, shortName, queue }: AlarmFacts,
  { raw, queues }: Pick<Facts, "raw" | "queues">,
): string[] {
  if (queue !== null && queue !== raw.name && queue !== raw.deadName) {
    return queues.filter(({ name, deadName }) => [name, deadName].includes(queue)).map(nameOf);
  }
  if (queue !== null) return ["raw"];
  if (heading === RUNBOOK.canaryMissing) {
    return queues.filter(({ environment }) => environment === CANARY_ENVIRONMENT).map(nameOf);
  }
  if (shortName.endsWith(" retry")) return ["failures"];
  const station = STATIONS[heading];
  return station === null ? [] : [station];
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
