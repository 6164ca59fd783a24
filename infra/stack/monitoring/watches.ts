import { Duration } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { RouterFunction } from "../resources/router-function.ts";
import { deadLetterWatch, oldestMessage, queueWatches } from "./queue-watches.ts";
import { RUNBOOK } from "./runbook.ts";
import type { Watch, WatchedParts } from "./watch.ts";

/** All watches, the reader's first. */
export function watches(parts: WatchedParts): Watch[] {
  return [
    ...readerWatches(parts),
    ...deliveryWatches(parts),
    ...[parts.route, parts.retry].flatMap(functionWatches),
    ...parts.pairs.flatMap((pair) => queueWatches(pair, parts)),
    ...(parts.hasCanary ? [canaryWatch(parts)] : []),
  ];
}

/**
 * A transaction manager commits what it has prepared within seconds, and MySQL keeps its binlog for
 * hours at least: this is far beyond the one and before the other.
 */
const PREPARED_XA_MINUTES = 30;

/**
 * A reader that starts again repeats a second's frames. On an idle database the next new frame may
 * follow minutes later.
 */
const REPEATS_PERIOD = Duration.minutes(5);
/** A deployment starts two tasks; two deployments in a row are normal. */
const STARTS = 4;

function readerWatches({ metrics, settings }: WatchedParts): Watch[] {
  return [
    {
      heading: RUNBOOK.readerNotReporting,
      severity: "urgent",
      meaning:
        "No reader has read the binlog for three minutes (none runs, or it cannot connect): nothing is delivered.",
      metric: metrics.readerActive(),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      above: 1,
      periods: 3,
      silence: TreatMissingData.BREACHING,
    },
    {
      heading: RUNBOOK.lag,
      severity: "urgent",
      meaning: `The reader has been more than ${settings.lagSeconds} s behind the newest commit for five minutes.`,
      metric: metrics.readerLag(),
      above: settings.lagSeconds * 1000,
      periods: 5,
    },
    {
      heading: RUNBOOK.retentionRisk,
      severity: "urgent",
      meaning: `More than ${settings.retentionUsedPercent} % of MySQL's binlog retention has passed since the saved offset. When all of it has, MySQL purges changes before they are read.`,
      metric: metrics.retentionUsed(),
      above: settings.retentionUsedPercent,
      // A reader that cannot connect does not report the retention; the alarm keeps its state.
      silence: TreatMissingData.IGNORE,
    },
    {
      heading: RUNBOOK.userChanges,
      severity: "notice",
      isEvent: true,
      meaning:
        "Connections changed their user without registering it in the session ledger: changes written until this was noticed may have gone to the former user's environment.",
      metric: metrics.userChanges(),
      above: 0,
    },
    {
      heading: RUNBOOK.preparedXa,
      severity: "notice",
      meaning: `An XA transaction has been prepared for more than ${PREPARED_XA_MINUTES} minutes: it holds locks in MySQL, and its changes wait in the reader's memory and the payload bucket.`,
      metric: metrics.preparedXa(),
      above: PREPARED_XA_MINUTES * 60_000,
    },
    {
      heading: RUNBOOK.unknownXa,
      severity: "notice",
      isEvent: true,
      meaning:
        "An XA transaction committed that was prepared before reading began: its changes are not delivered.",
      metric: metrics.unknownXa(),
      above: 0,
    },
    {
      heading: RUNBOOK.readerStopped,
      severity: "urgent",
      meaning:
        "The reader cannot continue until an operator acts: no environment receives anything until then.",
      metric: metrics.readerStopped(),
      above: 0,
      // The alarm ends only when a reader reports again.
      silence: TreatMissingData.IGNORE,
    },
    {
      heading: RUNBOOK.readerHeldUp,
      severity: "notice",
      meaning:
        "For three minutes a reader has not been able to read a source that was read before. A deployment under way is rolled back.",
      metric: metrics.readerHeldUp(),
      above: 0,
      periods: 3,
    },
    {
      heading: RUNBOOK.readerRestarts,
      severity: "notice",
      isEvent: true,
      meaning: `The reader's processes started more than ${STARTS} times within 15 minutes, because they keep ending.`,
      metric: metrics.readerStarts().with({ period: Duration.minutes(15) }),
      above: STARTS,
    },
    {
      heading: RUNBOOK.standbyMissing,
      severity: "notice",
      meaning:
        "No second reader has stood by for 15 minutes: when the first one ends, deliveries wait until a task has started.",
      metric: metrics.readerStandby(),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      above: 1,
      periods: 15,
      silence: TreatMissingData.BREACHING,
    },
    {
      heading: RUNBOOK.snapshotStopped,
      severity: "notice",
      meaning:
        "A snapshot cannot continue until an operator acts. The changes of all environments are delivered as usual.",
      metric: metrics.snapshotStopped(),
      above: 0,
      // The alarm ends only when a reader reports again.
      silence: TreatMissingData.IGNORE,
    },
    {
      heading: RUNBOOK.leaseFlapping,
      severity: "notice",
      isEvent: true,
      meaning: "The reader's lease changed hands more than twice within 15 minutes.",
      metric: metrics.leaseTaken().with({ period: Duration.minutes(15) }),
      above: 2,
    },
  ];
}

function deliveryWatches({ metrics, settings, raw, retry }: WatchedParts): Watch[] {
  return [
    {
      heading: RUNBOOK.rawQueueAge,
      severity: "urgent",
      meaning: `The oldest frame has waited for more than ${settings.rawQueueAgeSeconds} s: the route function does not keep up, or a lane makes no progress.`,
      metric: oldestMessage(raw.queue),
      above: settings.rawQueueAgeSeconds,
      periods: 3,
    },
    {
      heading: RUNBOOK.framesReturned,
      severity: "urgent",
      // SQS excludes a message that was received several times from the age of the oldest message,
      // so the alarm on that age would end here.
      meaning:
        "The route function has given frames back to the raw queue in each of three minutes: their lane makes no progress.",
      metric: metrics.framesReturned(),
      above: 0,
      periods: 3,
    },
    {
      heading: RUNBOOK.gap,
      severity: "urgent",
      meaning: "A frame arrived whose predecessor is missing: its lane makes no progress.",
      metric: metrics.gaps(),
      above: 0,
    },
    {
      heading: RUNBOOK.onlyRepeats,
      severity: "urgent",
      meaning:
        "For ten minutes only frames arrived that count as delivered already, and were dropped: new changes may be among them.",
      metric: metrics.onlyRepeats().with({ period: REPEATS_PERIOD }),
      above: 0,
      periods: 2,
    },
    {
      heading: RUNBOOK.unattributed,
      severity: "notice",
      isEvent: true,
      meaning: "Changes were parked because the MySQL user who wrote them is not known.",
      metric: metrics.changesUnattributed(),
      above: 0,
    },
    {
      heading: RUNBOOK.faults,
      severity: "notice",
      isEvent: true,
      meaning: "The functions' code failed on some changes, which are parked.",
      metric: metrics.changesFaulty(),
      above: 0,
    },
    {
      heading: RUNBOOK.failuresPending,
      severity: "notice",
      meaning: "Deliveries have been parked for 15 minutes without a break.",
      metric: metrics.failuresPending(),
      above: 0,
      periods: 15,
    },
    {
      heading: RUNBOOK.failuresDead,
      severity: "notice",
      meaning: "A parked stream was given up and waits for an operator.",
      metric: metrics.failuresDead(),
      above: 0,
    },
    deadLetterWatch(raw.deadLetterQueue, "raw"),
    {
      heading: RUNBOOK.retryNotRunning,
      severity: "notice",
      meaning: "The retry function has not run for five minutes: parked changes stay parked.",
      metric: retry.metricInvocations({ period: Duration.minutes(1), statistic: Stats.SUM }),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      above: 1,
      periods: 5,
      silence: TreatMissingData.BREACHING,
    },
  ];
}

/** The alarm rings whatever keeps the row from arriving, including trouble of the canary itself. */
function canaryWatch({ metrics }: WatchedParts): Watch {
  return {
    heading: RUNBOOK.canaryMissing,
    severity: "urgent",
    meaning:
      "For five minutes the canary's row has not come from MySQL to its queue: probably nothing is delivered.",
    metric: metrics.canaryArrived(),
    operator: ComparisonOperator.LESS_THAN_THRESHOLD,
    above: 1,
    periods: 5,
    silence: TreatMissingData.BREACHING,
  };
}

function functionWatches(lambda: RouterFunction): Watch[] {
  const everyMinute = { period: Duration.minutes(1), statistic: Stats.SUM };
  return [
    {
      heading: RUNBOOK.functionErrors,
      severity: "notice",
      subject: lambda.part,
      meaning: `Invocations of the ${lambda.part} function failed in three minutes in a row.`,
      metric: lambda.metricErrors(everyMinute),
      above: 0,
      periods: 3,
    },
    {
      heading: RUNBOOK.functionThrottles,
      severity: "notice",
      subject: lambda.part,
      meaning: `Lambda has refused to run the ${lambda.part} function for three minutes in a row.`,
      metric: lambda.metricThrottles(everyMinute),
      above: 0,
      periods: 3,
    },
  ];
}
