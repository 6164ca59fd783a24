import { DIMENSIONS, METRIC_NAMESPACE, READER_METRICS } from "../../wire/metrics.ts";
import type { Log } from "./log.ts";
import type { ReaderStatus } from "./status.ts";

type MetricUnit = "Count" | "Bytes" | "Milliseconds" | "Percent";

/**
 * One line of CloudWatch's embedded metric format, from which the log's agent takes metrics.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(
  source: string,
  nowMs: number,
  metrics: readonly (readonly [name: string, unit: MetricUnit, value: number])[],
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

const REPORT_EVERY_MS = 20_000;
/** From this share of the binlog's retention on, every report warns. */
const RETENTION_WARNING_PERCENT = 50;

/** Writes the reader's metrics to standard output while it holds the source; its standby writes nothing. */
export function reportMetrics(status: ReaderStatus, source: string, log: Log): Disposable {
  let reported = { ...status.counters };
  const report = (): void => {
    if (status.state === "standby" || status.state === "stopped") return;
    const now = { ...status.counters };
    const retentionUsed = status.retentionUsedPercent();
    process.stdout.write(
      `${embeddedMetrics(source, Date.now(), [
        [READER_METRICS.active, "Count", 1],
        [READER_METRICS.lag, "Milliseconds", Math.round(status.lagMs())],
        [READER_METRICS.retentionUsed, "Percent", retentionUsed],
        [READER_METRICS.changesRead, "Count", now.changes - reported.changes],
        [READER_METRICS.framesSent, "Count", now.frames - reported.frames],
        [READER_METRICS.bytesSent, "Bytes", now.frameBytes - reported.frameBytes],
        [READER_METRICS.leaseTaken, "Count", now.leasesTaken - reported.leasesTaken],
        [READER_METRICS.reconnects, "Count", now.reconnects - reported.reconnects],
        [READER_METRICS.userChanges, "Count", now.userChanges - reported.userChanges],
        [READER_METRICS.preparedXa, "Milliseconds", status.preparedXaMs()],
        [READER_METRICS.unknownXa, "Count", now.unknownXa - reported.unknownXa],
        [READER_METRICS.stopped, "Count", status.isStoppedByError ? 1 : 0],
      ])}\n`,
    );
    if (retentionUsed > RETENTION_WARNING_PERCENT) {
      log.warn({ retentionUsed }, "the server will soon purge binlog that was not read yet");
    }
    reported = now;
  };
  const timer = setInterval(report, REPORT_EVERY_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      report();
    },
  };
}
