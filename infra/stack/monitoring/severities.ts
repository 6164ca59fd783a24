import { RUNBOOK, type RunbookHeading } from "./runbook.ts";

/**
 * `urgent`: every environment waits, or changes are soon lost. `notice`: one stream waits, or
 * somebody has to look at it.
 */
export type Severity = "urgent" | "notice";

/**
 * What an alarm's metric says. `state`: the trouble lasts as long as the metric is beyond its
 * bound. `event`: something happened; the count goes back to zero by itself and what happened is
 * still there, so the end of the alarm is not announced.
 */
export type Nature = "state" | "event";

/** How each kind of alarm is announced. */
export const ANNOUNCED: Readonly<Record<RunbookHeading, readonly [Severity, Nature]>> = {
  [RUNBOOK.readerNotReporting]: ["urgent", "state"],
  [RUNBOOK.readerStopped]: ["urgent", "state"],
  [RUNBOOK.readerHeldUp]: ["notice", "state"],
  [RUNBOOK.readerRestarts]: ["notice", "event"],
  [RUNBOOK.standbyMissing]: ["notice", "state"],
  [RUNBOOK.canaryMissing]: ["urgent", "state"],
  [RUNBOOK.lag]: ["urgent", "state"],
  [RUNBOOK.retentionRisk]: ["urgent", "state"],
  [RUNBOOK.rawQueueAge]: ["urgent", "state"],
  [RUNBOOK.framesReturned]: ["urgent", "state"],
  [RUNBOOK.gap]: ["urgent", "state"],
  [RUNBOOK.onlyRepeats]: ["urgent", "state"],
  [RUNBOOK.unattributed]: ["notice", "event"],
  [RUNBOOK.userChanges]: ["notice", "event"],
  [RUNBOOK.preparedXa]: ["notice", "state"],
  [RUNBOOK.unknownXa]: ["notice", "event"],
  [RUNBOOK.faults]: ["notice", "event"],
  [RUNBOOK.failuresPending]: ["notice", "state"],
  [RUNBOOK.failuresDead]: ["notice", "state"],
  [RUNBOOK.deadLetters]: ["notice", "state"],
  [RUNBOOK.queueAge]: ["notice", "state"],
  [RUNBOOK.functionErrors]: ["notice", "state"],
  [RUNBOOK.functionThrottles]: ["notice", "state"],
  [RUNBOOK.retryNotRunning]: ["notice", "state"],
  [RUNBOOK.snapshotStopped]: ["notice", "state"],
  [RUNBOOK.leaseFlapping]: ["notice", "event"],
};
