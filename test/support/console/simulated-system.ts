import type { QueueView } from "@binlog-router/local-aws";
import { AlarmBook, embeddedMetrics, MetricStore } from "@binlog-router/local-aws/cloudwatch";
import { vi } from "vitest";
import { embeddedMetrics as functionMetricSink } from "../../../functions/ground/metrics.ts";
import { functionMetrics, queueMetrics } from "../../../infra/local/console/metrics/published.ts";
import type { FunctionUsage } from "../../../infra/local/lambda/local-function.ts";
import type { LocalTopology } from "../../../infra/local/template/local-topology.ts";
import { EventType } from "../../../reader/binlog-format/events/event-types.ts";
import type { Log } from "../../../reader/reporting/log.ts";
import {
  embeddedMetrics as readerMetrics,
  reportMetrics,
} from "../../../reader/reporting/metrics.ts";
import { ReaderStatus } from "../../../reader/reporting/status.ts";
import {
  CANARY_METRICS,
  DIMENSIONS,
  READER_METRICS,
  RETRY_METRICS,
  ROUTE_METRICS,
  UNATTRIBUTED,
} from "../../../wire/metrics.ts";

const MINUTE_MS = 60_000;
/** The reader's default. */
const REPORT_EVERY_MS = 20_000;
const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A task of the reader: its status, and the real reporter that prints its metrics. */
export class SimulatedTask {
  readonly status = new ReaderStatus();
  readonly #reports: Disposable;

  constructor(source: string) {
    this.#reports = reportMetrics(this.status, source, SILENT, REPORT_EVERY_MS);
    this.status.retentionMs = 86_400_000;
    this.status.expects(Date.now());
  }

  /** Ends without a further report, like a killed process. */
  kill(): void {
    this.status.enter("stopped");
    this.#reports[Symbol.dispose]();
  }
}

/** What the route function does in one minute. */
interface RouteMinute {
  invocations: number;
  errors: number;
  throttles: number;
  routed: number;
  unattributed: number;
  parked: number;
  faulty: number;
  returned: number;
  gaps: number;
  onlyRepeats: boolean;
}

interface RetryMinute {
  invocations: number;
  errors: number;
  throttles: number;
  pending: number;
  dead: number;
}

const WELL_ROUTE: RouteMinute = {
  invocations: 30,
  errors: 0,
  throttles: 0,
  routed: 60,
  unattributed: 0,
  parked: 0,
  faulty: 0,
  returned: 0,
  gaps: 0,
  onlyRepeats: false,
};
const WELL_RETRY: RetryMinute = {
  invocations: 1,
  errors: 0,
  throttles: 0,
  pending: 0,
  dead: 0,
};

/**
 * The whole system as CloudWatch sees it; a minute passes at once. The reader's real reports and
 * the functions' real metric lines go through the real parser into the template's real alarms. Only
 * the events that they report are simulated. It runs with fake timers; nothing else may print to
 * standard output.
 */
export class SimulatedSystem implements Disposable {
  readonly alarms: AlarmBook;
  active: SimulatedTask;
  standby: SimulatedTask;
  route: RouteMinute = { ...WELL_ROUTE };
  retry: RetryMinute = { ...WELL_RETRY };
  /** Whether the reader reports a snapshot that waits for a person; null: there is no snapshot. */
  isSnapshotStopped: boolean | null = null;
  /** What the canary reports, if the template has one. */
  canary: "well" | "late" | "silent" = "well";
  /** The queues that are not empty, by name; null: the queue was deleted. */
  queues: Record<string, Partial<QueueView> | null> = {};
  readonly #source: string;
  readonly #topology: LocalTopology;
  readonly #store = new MetricStore();
  readonly #sink;
  readonly #lines: string[] = [];
  readonly #output;

  constructor(topology: LocalTopology, source: string) {
    this.#topology = topology;
    this.#source = source;
    this.#output = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      this.#lines.push(...String(text).split("\n"));
      return true;
    });
    this.#sink = functionMetricSink(source);
    this.alarms = new AlarmBook(this.#store, topology.monitoring.alarms, Date.now());
    this.active = this.startTask("streaming");
    this.active.status.counters.leasesTaken++;
    this.standby = this.startTask("standby");
  }

  startTask(state: "streaming" | "standby" | "connecting"): SimulatedTask {
    const task = new SimulatedTask(this.#source);
    task.status.enter(state);
    // A heartbeat tells the status that the reader is at the end of the binlog.
    task.status.hears(EventType.HEARTBEAT_LOG_EVENT, 0);
    return task;
  }

  /** Replaces both tasks by new ones, as at the beginning. */
  restartReader(): void {
    for (const task of [this.active, this.standby]) task.kill();
    this.active = this.startTask("streaming");
    this.standby = this.startTask("standby");
  }

  /** Simulates a minute. Returns the short names of the alarms that ring at its end. */
  minute(): string[] {
    this.#functions();
    if (this.#topology.canary !== null) this.#canaryLine();
    this.#queues();
    if (this.isSnapshotStopped !== null) {
      const value = this.isSnapshotStopped ? 1 : 0;
      const reading = [READER_METRICS.snapshotStopped, "Count", value] as const;
      this.#lines.push(readerMetrics(this.#source, Date.now(), [reading]));
    }
    vi.advanceTimersByTime(MINUTE_MS);
    for (const line of this.#lines.splice(0)) {
      for (const datum of embeddedMetrics(line)) this.#store.put(datum);
    }
    this.alarms.evaluate(Date.now());
    return this.alarms.ringing().map((name) => name.slice(name.indexOf(": ") + 2));
  }

  [Symbol.dispose](): void {
    for (const task of [this.active, this.standby]) task.kill();
    this.#output.mockRestore();
  }

  #functions(): void {
    const { route, retry } = this;
    const { functions } = this.#topology.monitoring;
    for (const datum of [
      ...functionMetrics(functions.route, usage(route), Date.now()),
      ...functionMetrics(functions.retry, usage(retry), Date.now()),
    ]) {
      this.#store.put(datum);
    }
    if (route.invocations > route.errors) this.#routeLines();
    if (retry.invocations > retry.errors) {
      this.#sink.count(RETRY_METRICS.pending, retry.pending);
      this.#sink.count(RETRY_METRICS.dead, retry.dead);
      this.#sink.count(RETRY_METRICS.recovered, 0);
      this.#sink.publish();
    }
  }

  #canaryLine(): void {
    if (this.canary === "silent") return;
    this.#sink.count(CANARY_METRICS.arrived, this.canary === "well" ? 1 : 0);
    this.#sink.milliseconds(CANARY_METRICS.delay, 300);
    this.#sink.publish();
  }

  #routeLines(): void {
    const { routed, unattributed, parked, faulty, returned, gaps, onlyRepeats } = this.route;
    const count = (name: string, value: number): void => {
      if (value > 0) this.#sink.count(name, value);
    };
    const environment = { name: DIMENSIONS.environment, value: "staging" };
    this.#sink.count(ROUTE_METRICS.onlyRepeats, onlyRepeats ? 1 : 0);
    if (routed > 0) {
      this.#sink.count(ROUTE_METRICS.changesRouted, routed, environment);
      this.#sink.milliseconds(ROUTE_METRICS.delay, 12, environment);
    }
    if (unattributed > 0) {
      const unknown = { name: DIMENSIONS.attribution, value: UNATTRIBUTED };
      this.#sink.count(ROUTE_METRICS.changesAttributed, unattributed, unknown);
    }
    count(ROUTE_METRICS.changesParked, parked);
    count(ROUTE_METRICS.changesFaulty, faulty);
    count(ROUTE_METRICS.framesReturned, returned);
    count(ROUTE_METRICS.gaps, gaps);
    this.#sink.publish();
  }

  #queues(): void {
    for (const name of this.#topology.queues.keys()) {
      const given = this.queues[name];
      if (given === null) continue;
      const view: QueueView = { ...EMPTY, name, ...given };
      for (const datum of queueMetrics(view, view, Date.now())) this.#store.put(datum);
    }
  }
}

function usage(
  one: Pick<FunctionUsage, "invocations" | "errors"> & Partial<FunctionUsage>,
): FunctionUsage {
  return { throttles: 0, durationsMs: [5], ...one };
}

const EMPTY = {
  visible: 0,
  inFlight: 0,
  delayed: 0,
  oldestAgeMs: undefined,
  sent: 0,
  received: 0,
  emptyReceives: 0,
  deleted: 0,
};
