import { Duration } from "aws-cdk-lib";
import { Metric, Stats, type MetricProps } from "aws-cdk-lib/aws-cloudwatch";
import {
  CANARY_METRICS,
  DIMENSIONS,
  METRIC_NAMESPACE,
  READER_METRICS,
  RETRY_METRICS,
  ROUTE_METRICS,
  UNATTRIBUTED,
} from "../../../wire/metrics.ts";
import type { Attribution } from "../../../wire/session.ts";

const ATTRIBUTIONS = [
  "tag",
  "ledger",
  "first-sight",
  "sweep",
  "operator",
  "server",
  "snapshot",
  UNATTRIBUTED,
] as const satisfies readonly (Attribution | typeof UNATTRIBUTED)[];

/** The system's own metrics of one source. */
export class SourceMetrics {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  readerActive = (): Metric => this.#metric(READER_METRICS.active, Stats.SUM);
  readerHeldUp = (): Metric => this.#metric(READER_METRICS.heldUp, Stats.MAXIMUM);
  readerStandby = (): Metric => this.#metric(READER_METRICS.standby, Stats.SUM);
  readerStarts = (): Metric => this.#metric(READER_METRICS.starts, Stats.SUM);
  readerLag = (): Metric => this.#metric(READER_METRICS.lag, Stats.MAXIMUM);
  retentionUsed = (): Metric => this.#metric(READER_METRICS.retentionUsed, Stats.MAXIMUM);
  changesRead = (): Metric => this.#metric(READER_METRICS.changesRead, Stats.SUM);
  framesSent = (): Metric => this.#metric(READER_METRICS.framesSent, Stats.SUM);
  bytesSent = (): Metric => this.#metric(READER_METRICS.bytesSent, Stats.SUM);
  leaseTaken = (): Metric => this.#metric(READER_METRICS.leaseTaken, Stats.SUM);
  reconnects = (): Metric => this.#metric(READER_METRICS.reconnects, Stats.SUM);
  userChanges = (): Metric => this.#metric(READER_METRICS.userChanges, Stats.SUM);
  preparedXa = (): Metric => this.#metric(READER_METRICS.preparedXa, Stats.MAXIMUM);
  readerStopped = (): Metric => this.#metric(READER_METRICS.stopped, Stats.MAXIMUM);
  unknownXa = (): Metric => this.#metric(READER_METRICS.unknownXa, Stats.SUM);
  snapshotRows = (): Metric => this.#metric(READER_METRICS.snapshotRows, Stats.SUM);
  snapshotChunks = (): Metric => this.#metric(READER_METRICS.snapshotChunks, Stats.SUM);
  snapshotRereads = (): Metric => this.#metric(READER_METRICS.snapshotRereads, Stats.SUM);
  snapshotStopped = (): Metric => this.#metric(READER_METRICS.snapshotStopped, Stats.MAXIMUM);

  changesDropped = (): Metric => this.#metric(ROUTE_METRICS.changesDropped, Stats.SUM);
  changesParked = (): Metric => this.#metric(ROUTE_METRICS.changesParked, Stats.SUM);
  changesFaulty = (): Metric => this.#metric(ROUTE_METRICS.changesFaulty, Stats.SUM);
  framesRepeated = (): Metric => this.#metric(ROUTE_METRICS.framesRepeated, Stats.SUM);
  onlyRepeats = (): Metric => this.#metric(ROUTE_METRICS.onlyRepeats, Stats.MINIMUM);
  framesMalformed = (): Metric => this.#metric(ROUTE_METRICS.framesMalformed, Stats.SUM);
  framesReturned = (): Metric => this.#metric(ROUTE_METRICS.framesReturned, Stats.SUM);
  gaps = (): Metric => this.#metric(ROUTE_METRICS.gaps, Stats.SUM);

  changesRouted(environment: string): Metric {
    return this.#metric(ROUTE_METRICS.changesRouted, Stats.SUM, {
      [DIMENSIONS.environment]: environment,
    });
  }

  delay(environment: string, statistic: string): Metric {
    return this.#metric(ROUTE_METRICS.delay, statistic, { [DIMENSIONS.environment]: environment });
  }

  /** The number of changes by how their author was found: one metric for each way. */
  changesByAttribution(): Metric[] {
    return ATTRIBUTIONS.map((attribution) => this.#attributed(attribution));
  }

  changesUnattributed = (): Metric => this.#attributed(UNATTRIBUTED);

  canaryArrived = (): Metric => this.#metric(CANARY_METRICS.arrived, Stats.SUM);
  canaryDelay = (): Metric => this.#metric(CANARY_METRICS.delay, Stats.MAXIMUM);

  failuresPending = (): Metric => this.#metric(RETRY_METRICS.pending, Stats.MAXIMUM);
  failuresDead = (): Metric => this.#metric(RETRY_METRICS.dead, Stats.MAXIMUM);
  failuresRecovered = (): Metric => this.#metric(RETRY_METRICS.recovered, Stats.SUM);

  #attributed(attribution: string): Metric {
    return this.#metric(ROUTE_METRICS.changesAttributed, Stats.SUM, {
      [DIMENSIONS.attribution]: attribution,
    });
  }

  /** A metric with a further dimension is labelled with its value only, for a short legend. */
  #metric(name: string, statistic: string, dimensions: Record<string, string> = {}): Metric {
    const [label] = Object.values(dimensions);
    const props: MetricProps = {
      namespace: METRIC_NAMESPACE,
      metricName: name,
      dimensionsMap: { [DIMENSIONS.source]: this.#source, ...dimensions },
      statistic,
      period: Duration.minutes(1),
      ...(label !== undefined && { label }),
    };
    return new Metric(props);
  }
}
