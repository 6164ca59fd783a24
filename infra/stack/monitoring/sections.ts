import {
  AlarmStatusWidget,
  SingleValueWidget,
  Stats,
  type IWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import type { EnvironmentQueuePair } from "../resources/environment-queue-pair.ts";
import type { RawQueue } from "../resources/raw-queue.ts";
import type { ReaderService } from "../resources/reader-service.ts";
import type { RouterFunction } from "../resources/router-function.ts";
import type { Tables } from "../resources/tables.ts";
import type { Alarms } from "./alarms.ts";
import type { SourceMetrics } from "./metrics.ts";
import { graph, HALF, HEIGHT, oldest, PERIOD, stacked, sum, THIRD, visible } from "./widgets.ts";

/** The parts that the dashboard shows. */
export interface Watched {
  readonly metrics: SourceMetrics;
  readonly alarms: Alarms;
  readonly reader: ReaderService;
  readonly raw: RawQueue;
  readonly route: RouterFunction;
  readonly retry: RouterFunction;
  readonly pairs: readonly EnvironmentQueuePair[];
  readonly tables: Tables;
  readonly hasCanary: boolean;
}

/** CloudWatch's limit of alarms in one widget. */
const ALARMS_PER_WIDGET = 100;

export function running({ metrics, alarms, reader }: Watched): IWidget[] {
  const all = alarms.byName();
  const widgets = Math.ceil(all.length / ALARMS_PER_WIDGET);
  return [
    new SingleValueWidget({
      title: "A reader follows the binlog, another one stands by (reports in the last minute)",
      metrics: [metrics.readerActive(), metrics.readerStandby()],
      width: THIRD,
      height: HEIGHT,
    }),
    graph("Reader: memory and CPU, percent of the task", THIRD, [
      reader.service.metricMemoryUtilization({ period: PERIOD, label: "memory" }),
      reader.service.metricCpuUtilization({ period: PERIOD, label: "CPU" }),
    ]),
    ...Array.from(
      { length: widgets },
      (_, n) =>
        new AlarmStatusWidget({
          title: widgets === 1 ? "Alarms" : `Alarms ${n + 1} of ${widgets}`,
          alarms: all.slice(n * ALARMS_PER_WIDGET, (n + 1) * ALARMS_PER_WIDGET),
          width: THIRD,
          height: HEIGHT,
        }),
    ),
  ];
}

export function behind({ metrics, raw, pairs, hasCanary }: Watched): IWidget[] {
  return [
    graph(
      "Reader behind the newest commit, ms (left); age of the oldest prepared XA transaction, ms (right)",
      THIRD,
      [metrics.readerLag()],
      [metrics.preparedXa()],
    ),
    graph("From commit to the environment's queue, ms", THIRD, [
      ...environmentsOf(pairs).flatMap((environment) => [
        metrics.delay(environment, Stats.p(50)).with({ label: `${environment} p50` }),
        metrics.delay(environment, Stats.p(99)).with({ label: `${environment} p99` }),
      ]),
      ...(hasCanary ? [metrics.canaryDelay().with({ label: "canary, write to receipt" })] : []),
    ]),
    graph(
      "Oldest frame, s (left); binlog retention used, % (right)",
      THIRD,
      [oldest(raw.queue, "raw queue")],
      [metrics.retentionUsed()],
    ),
  ];
}

export function changes({ metrics, pairs }: Watched): IWidget[] {
  return [
    stacked(
      "Changes delivered per minute, by environment",
      HALF,
      environmentsOf(pairs).map((environment) => metrics.changesRouted(environment)),
    ),
    graph(
      "Changes read, changes dropped (users in no environment), and frames (right axis), per minute",
      HALF,
      [metrics.changesRead(), metrics.changesDropped()],
      [metrics.framesSent()],
    ),
    graph(
      "Snapshots: rows per minute (left); chunks, keys read again, stopped (right)",
      HALF,
      [metrics.snapshotRows()],
      [metrics.snapshotChunks(), metrics.snapshotRereads(), metrics.snapshotStopped()],
    ),
  ];
}

export function authors({ metrics }: Watched): IWidget[] {
  return [
    stacked("Changes per minute, by attribution", THIRD, metrics.changesByAttribution()),
    graph("Unattributed changes per minute", THIRD, [metrics.changesUnattributed()]),
    graph("Users changed on open connections; XA transactions without their changes", THIRD, [
      metrics.userChanges(),
      metrics.unknownXa(),
    ]),
  ];
}

export function parked({ metrics }: Watched): IWidget[] {
  return [
    graph("Streams waiting for a retry, and given up", HALF, [
      metrics.failuresPending(),
      metrics.failuresDead(),
    ]),
    graph(
      "Changes parked, those parked by mistakes in the code, and messages recovered, per minute",
      HALF,
      [metrics.changesParked(), metrics.changesFaulty(), metrics.failuresRecovered()],
    ),
  ];
}

export function queues({ pairs }: Watched): IWidget[][] {
  return environmentsOf(pairs).map((environment) => {
    const own = pairs.filter(({ names }) => names.environment === environment);
    return [
      graph(
        `${environment}: messages waiting and in flight`,
        HALF,
        own.flatMap(({ names, queue }) => [
          queue.metricApproximateNumberOfMessagesVisible({
            period: PERIOD,
            label: `${names.subscriber} waiting`,
          }),
          queue.metricApproximateNumberOfMessagesNotVisible({
            period: PERIOD,
            label: `${names.subscriber} in flight`,
          }),
        ]),
      ),
      graph(
        `${environment}: age of the oldest message, s`,
        HALF,
        own.map(({ names, queue }) => oldest(queue, names.subscriber)),
      ),
    ];
  });
}

export function errors({ metrics, raw, route, retry, pairs }: Watched): IWidget[] {
  return [
    graph(
      "Functions: failed and throttled invocations per minute",
      THIRD,
      [route, retry].flatMap((lambda) => [
        lambda.metricErrors({ period: PERIOD, label: `${lambda.part} errors` }),
        lambda.metricThrottles({ period: PERIOD, label: `${lambda.part} throttles` }),
      ]),
    ),
    graph(
      "Frames given back, gaps, malformed, repeats; reader's starts, reconnects, stops, leases",
      THIRD,
      [
        metrics.framesReturned(),
        metrics.gaps(),
        metrics.framesMalformed(),
        metrics.framesRepeated(),
        metrics.onlyRepeats(),
        metrics.readerStarts(),
        metrics.readerHeldUp(),
        metrics.reconnects(),
        metrics.readerStopped(),
        metrics.leaseTaken(),
      ],
    ),
    graph("Messages in dead-letter queues", THIRD, [
      visible(raw.deadLetterQueue, "raw"),
      ...pairs.map(({ names, deadLetterQueue }) =>
        visible(deadLetterQueue, `${names.subscriber} ${names.environment}`),
      ),
    ]),
  ];
}

/** What AWS bills by use. SQS's metrics count messages; one request can contain up to ten. */
export function costs({ metrics, raw, route, retry, pairs, tables }: Watched): IWidget[] {
  const named = [
    { queue: raw.queue, name: "raw" },
    ...pairs.map(({ queue, names }) => ({
      queue,
      name: `${names.subscriber} ${names.environment}`,
    })),
  ];
  const { offsets, sessions, failures } = tables;
  return [
    stacked("SQS messages sent, and receives that came back empty, per minute", THIRD, [
      ...named.map(({ queue, name }) => queue.metricNumberOfMessagesSent(sum(`${name} sent`))),
      ...named.map(({ queue, name }) => queue.metricNumberOfEmptyReceives(sum(`${name} empty`))),
    ]),
    graph(
      "Function invocations (left) and their milliseconds (right) per minute",
      THIRD,
      [route, retry].map((lambda) => lambda.metricInvocations(sum(lambda.part))),
      [route, retry].map((lambda) => lambda.metricDuration(sum(`${lambda.part} ms`))),
    ),
    graph(
      "DynamoDB request units (left) and bytes of frames (right) per minute",
      THIRD,
      Object.entries({ offsets, sessions, failures }).flatMap(([name, table]) => [
        table.metricConsumedReadCapacityUnits(sum(`${name} read`)),
        table.metricConsumedWriteCapacityUnits(sum(`${name} written`)),
      ]),
      [metrics.bytesSent()],
    ),
  ];
}

function environmentsOf(pairs: readonly EnvironmentQueuePair[]): string[] {
  return [...new Set(pairs.map(({ names }) => names.environment))];
}
