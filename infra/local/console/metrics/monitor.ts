import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ConsumedUnits, LocalAws, QueueView } from "@binlog-router/local-aws";
import { AlarmBook, embeddedMetrics, MetricStore } from "@binlog-router/local-aws/cloudwatch";
import type { WatchedRouter } from "../../running/watched-router.ts";
import type { LocalMonitoring } from "../../template/local-topology.ts";
import { LogTail } from "./log-tail.ts";
import type { MetricsClock } from "./metrics-clock.ts";
import { processUsage, type ProcessUsage } from "./process-usage.ts";
import { functionMetrics, queueMetrics, serviceMetrics, tableMetrics } from "./published.ts";

export interface MonitorOptions {
  readonly monitoring: LocalMonitoring;
  readonly aws: Pick<LocalAws, "queues" | "consumedUnits">;
  readonly router: Pick<WatchedRouter, "pids" | "takeUsage">;
  /** The directory of the processes' logs, which contain the metrics' lines, too. */
  readonly logDirectory: string;
  readonly clock: MetricsClock;
}

const LOOK_EVERY_MS = 1_000;

/** The counters at one look. Metrics are differences between two looks. */
interface Look {
  readonly atMs: number;
  readonly queues: ReadonlyMap<string, QueueView>;
  readonly tables: ReadonlyMap<string, ConsumedUnits>;
  readonly reader: { readonly pid: number; readonly usage: ProcessUsage } | null;
}

/**
 * Stands in for CloudWatch: gathers the metrics that reader and functions print and those that AWS
 * services would publish, and evaluates the template's alarms.
 */
export class Monitor {
  readonly store = new MetricStore();
  readonly alarms: AlarmBook;
  readonly clock: MetricsClock;
  readonly #options: MonitorOptions;
  readonly #logs = new Map<string, LogTail>();
  #last: Look | null = null;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.alarms = new AlarmBook(this.store, options.monitoring.alarms, this.clock.startMs);
  }

  /** Calls `look` periodically until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await delay(LOOK_EVERY_MS / Math.min(this.clock.speed, 5), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  /** Stores new metrics, and evaluates the alarms for each minute that has ended. */
  async look(): Promise<void> {
    const nowMs = this.clock.now();
    await this.#takeLogs();
    await this.#takePublished(nowMs);
    this.alarms.evaluate(nowMs);
  }

  async #takeLogs(): Promise<void> {
    const { logDirectory } = this.#options;
    for (const name of await readdir(logDirectory).catch(() => [])) {
      if (!name.endsWith(".log")) continue;
      let log = this.#logs.get(name);
      if (log === undefined) this.#logs.set(name, (log = new LogTail(join(logDirectory, name))));
      for (const line of await log.read()) {
        for (const datum of embeddedMetrics(line)) {
          this.store.put({ ...datum, timeMs: this.clock.at(datum.timeMs) });
        }
      }
    }
  }

  async #takePublished(nowMs: number): Promise<void> {
    const { aws, router, monitoring } = this.#options;
    const usage = router.takeUsage();
    const look: Look = {
      atMs: Date.now(),
      queues: new Map(aws.queues.all().map((view) => [view.name, view])),
      tables: new Map([...aws.consumedUnits()].map(([table, units]) => [table, { ...units }])),
      reader: await this.#readerUsage(),
    };
    const published = [
      ...[...look.queues.values()].flatMap((view) =>
        queueMetrics(view, this.#last?.queues.get(view.name), nowMs),
      ),
      ...[...look.tables].flatMap(([table, units]) =>
        tableMetrics(table, units, this.#last?.tables.get(table), nowMs),
      ),
      ...functionMetrics(monitoring.functions.route, usage.route, nowMs),
      ...functionMetrics(monitoring.functions.retry, usage.retry, nowMs),
      ...this.#serviceMetrics(look, nowMs),
    ];
    for (const datum of published) this.store.put(datum);
    this.#last = look;
  }

  async #readerUsage(): Promise<Look["reader"]> {
    const { reader: pid } = this.#options.router.pids();
    const usage = pid === undefined ? null : await processUsage(pid);
    return pid === undefined || usage === null ? null : { pid, usage };
  }

  #serviceMetrics({ reader, atMs }: Look, nowMs: number) {
    const { service } = this.#options.monitoring;
    const before = this.#last?.reader;
    if (reader === null || this.#last === null || before?.pid !== reader.pid) return [];
    const seconds = (atMs - this.#last.atMs) / 1000;
    const used = reader.usage.cpuSeconds - before.usage.cpuSeconds;
    return serviceMetrics(
      service,
      {
        cpu: (100 * used) / (seconds * (service.cpuUnits / 1024)),
        memory: (100 * reader.usage.memoryBytes) / (service.memoryMb * 1024 * 1024),
      },
      nowMs,
    );
  }
}
