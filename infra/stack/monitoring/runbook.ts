/** The headings of docs/runbook.md, one for each kind of alarm. */
export const RUNBOOK = {
  readerNotReporting: "Reader not reporting",
  readerStopped: "Reader stopped",
  readerHeldUp: "Reader held up",
  readerRestarts: "Reader starts again and again",
  standbyMissing: "Standby missing",
  canaryMissing: "Canary missing",
  lag: "Lag",
  retentionRisk: "Retention risk",
  rawQueueAge: "Raw queue age",
  framesReturned: "Frames come again",
  gap: "Gap detected",
  onlyRepeats: "Nothing but repeats",
  unattributed: "Unattributed changes",
  userChanges: "Users changed on open connections",
  preparedXa: "XA transaction left prepared",
  unknownXa: "XA transaction without its changes",
  faults: "Changes that could not be written",
  failuresPending: "Failures pending",
  failuresDead: "Failures dead",
  deadLetters: "Dead-letter queue not empty",
  queueAge: "Subscriber queue age",
  functionErrors: "Function errors",
  functionThrottles: "Function throttles",
  retryNotRunning: "Retry not running",
  snapshotStopped: "Snapshot stopped",
  leaseFlapping: "Lease flapping",
} as const;

export type RunbookHeading = (typeof RUNBOOK)[keyof typeof RUNBOOK];

/** A heading's fragment in GitHub's and GitLab's pages. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .replace(/\s/g, "-");
}
