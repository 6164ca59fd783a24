import { DIMENSIONS, METRIC_NAMESPACE, READER_METRICS } from "../../wire/metrics.ts";
import type { Log } from "./log.ts";
import type { ReaderStatus } from "./status.ts";

type MetricUnit = "Count" | "Bytes" | "Milliseconds" | "Percent";
/** A metric of one report. */
type Reading = readonly [name: string, unit: MetricUnit, value: number];

/**
 * One line of CloudWatch's embedded metric format, from which CloudWatch extracts the metrics.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(
  source: string,
  nowMs: number,
  metrics: readonly Reading[],
): string {
  return JSON.stringify({
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[DIMENSIONS.source]],
          Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    [DIMENSIONS.source]: source,
    ...Object.fromEntries(metrics.map(([name, , value]) => [name, value])),
  });
}

/** Above this share of the binlog's retention, every report logs a warning. */
const RETENTION_WARNING_PERCENT = 50;

/**
 * Every later report says that no process has started. Where a period has no value, CloudWatch
 * evaluates an older one, and the alarm on starts would ring again after it has cleared.
 */
const NO_START: Reading = [READER_METRICS.starts, "Count", 0];

/**
 * Writes the reader's metrics to standard output: at once that the process started; then every
 * `everyMs` the metrics of the source's holder, or that this reader is a standby. Disposing ends
 * the reports with a last one.
 */
export function reportMetrics(
  status: ReaderStatus,
  source: string,
  log: Log,
  everyMs: number,
): Disposable {
  const write = (readings: readonly Reading[]): void => {
    process.stdout.write(`${embeddedMetrics(source, Date.now(), readings)}\n`);
  };
  let reported = { ...status.counters };
  const report = (): void => {
    if (status.state === "stopped") return;
    if (status.state === "standby") return write([[READER_METRICS.standby, "Count", 1], NO_START]);
    write([...holderReadings(status, reported), NO_START]);
    reported = { ...status.counters };
    const retentionUsed = status.retentionUsedPercent();
    if (retentionUsed !== null && retentionUsed > RETENTION_WARNING_PERCENT) {
      log.warn({ retentionUsed }, "the server will soon purge binlog that the reader has not read");
    }
  };
  write([[READER_METRICS.starts, "Count", 1]]);
  const timer = setInterval(report, everyMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      report();
    },
  };
}

/** The metrics of the source's holder. `before`: the counters at the last report. */
function holderReadings(status: ReaderStatus, before: ReaderStatus["counters"]): Reading[] {
  const { counters: now, isStoppedByError } = status;
  const isActive = status.isReading && !isStoppedByError;
  const retentionUsed = status.retentionUsedPercent();
  const retention: Reading[] =
    retentionUsed === null ? [] : [[READER_METRICS.retentionUsed, "Percent", retentionUsed]];
  return [
    [READER_METRICS.active, "Count", isActive ? 1 : 0],
    [READER_METRICS.heldUp, "Count", status.isHeldUp ? 1 : 0],
    [READER_METRICS.lag, "Milliseconds", Math.round(status.lagMs())],
    ...retention,
    [READER_METRICS.changesRead, "Count", now.changes - before.changes],
    [READER_METRICS.framesSent, "Count", now.frames - before.frames],
    [READER_METRICS.bytesSent, "Bytes", now.frameBytes - before.frameBytes],
    [READER_METRICS.leaseTaken, "Count", now.leasesTaken - before.leasesTaken],
    [READER_METRICS.reconnects, "Count", now.reconnects - before.reconnects],
    [READER_METRICS.userChanges, "Count", now.userChanges - before.userChanges],
    [READER_METRICS.preparedXa, "Milliseconds", status.preparedXaMs()],
    [READER_METRICS.unknownXa, "Count", now.unknownXa - before.unknownXa],
    [READER_METRICS.stopped, "Count", isStoppedByError ? 1 : 0],
    [READER_METRICS.snapshotRows, "Count", now.snapshotRows - before.snapshotRows],
    [READER_METRICS.snapshotChunks, "Count", now.snapshotChunks - before.snapshotChunks],
    [READER_METRICS.snapshotRereads, "Count", now.snapshotRereads - before.snapshotRereads],
    [READER_METRICS.snapshotStopped, "Count", status.isSnapshotStopped ? 1 : 0],
  ];
}
