import { join } from "node:path";
import type { LocalAws } from "@binlog-router/local-aws";
import { inBackground } from "./process/background.ts";
import { runEventSourceMapping } from "./lambda/event-source-mapping.ts";
import { polledQueue } from "./lambda/polled-queue.ts";
import { LocalFunction } from "./lambda/local-function.ts";
import { runSchedule } from "./lambda/schedule.ts";
import type { WatchedRouter } from "./running/watched-router.ts";
import { ReaderService } from "./reader-service.ts";
import { PATIENCE_MS } from "./lambda/patience.ts";
import type { LocalFunctionSettings, LocalTopology } from "./template/local-topology.ts";

export interface RouterOptions {
  readonly topology: LocalTopology;
  readonly aws: LocalAws;
  readonly readerHealthPort: number;
  readonly logDirectory: string;
  readonly onProblem: (error: unknown) => void;
}

/** The running parts of the topology: reader, functions, event source mapping and schedule. */
export interface Router extends WatchedRouter, AsyncDisposable {
  /** Sets the function to call whenever a part has a new process. */
  onNewProcess(listener: () => void): void;
  /** Limits how many invocations of a function may run at once; null: as the template says. */
  limit(part: "route" | "retry", concurrency: number | null): void;
}

/**
 * Starts all parts of the topology; resolves when the reader follows the binlog. Disposing stops
 * the reader first, so that what it has sent is still routed.
 */
export async function startRouter(options: RouterOptions, signal: AbortSignal): Promise<Router> {
  const { topology, aws, onProblem } = options;
  await using started = new AsyncDisposableStack();
  const { eventSource } = topology.route;
  const patient = { PATIENCE_MS: String(PATIENCE_MS) };
  const routeSettings = {
    ...topology.route,
    environment: { ...topology.route.environment, ...patient },
  };
  const route = started.use(
    localFunction("route", routeSettings, eventSource.concurrency, options),
  );
  const retry = started.use(localFunction("retry", topology.retry, 1, options));
  await Promise.all([route.warm(), retry.warm()]);

  const { region } = aws;
  const queue = polledQueue(aws, eventSource.queueUrl);
  started.use(
    inBackground((stop) =>
      runEventSourceMapping(
        { queue, region, ...eventSource, invoke: (event) => route.invoke(event), onProblem },
        stop,
      ),
    ),
  );
  started.use(
    inBackground((stop) =>
      runSchedule(
        {
          periodMs: topology.retry.periodMs,
          region,
          invoke: (event) => retry.invoke(event),
          onProblem,
        },
        stop,
      ),
    ),
  );
  const reader = started.use(await startReader(options, signal));
  if (topology.canary !== null) started.use(startCanary(topology.canary, options));
  const running = started.move();
  return {
    pids: () => ({ reader: reader.pid, ...pidOf("route", route), ...pidOf("retry", retry) }),
    readerHealthUrl: readerHealthUrl(options),
    takeUsage: () => ({ route: route.takeUsage(), retry: retry.takeUsage() }),
    onNewProcess(listener) {
      reader.onReplaced(listener);
      for (const part of [route, retry]) part.onStarted(listener);
    },
    limit: (part, concurrency) => ({ route, retry })[part].limit(concurrency),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Runs the canary. Disposing ends it, even while an invocation waits for its row. */
function startCanary(
  settings: NonNullable<LocalTopology["canary"]>,
  options: RouterOptions,
): AsyncDisposable {
  const canary = localFunction("canary", settings, 1, options);
  const { region } = options.aws;
  const schedule = inBackground((stop) =>
    runSchedule(
      {
        periodMs: settings.periodMs,
        firstAfterMs: 0,
        region,
        invoke: (event) => canary.invoke(event),
        onProblem: (error) => {
          if (!stop.aborted) options.onProblem(error);
        },
      },
      stop,
    ),
  );
  return {
    async [Symbol.asyncDispose]() {
      const ended = schedule[Symbol.asyncDispose]();
      await canary[Symbol.asyncDispose]();
      await ended;
    },
  };
}

function localFunction(
  name: string,
  settings: LocalFunctionSettings,
  concurrency: number,
  { topology, aws, logDirectory }: RouterOptions,
): LocalFunction {
  const { entry, timeoutMs, memoryMb } = settings;
  const environment = {
    ...settings.environment,
    ...aws.environment(),
    AWS_LAMBDA_FUNCTION_NAME: `${topology.stackName}-${name}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
  };
  const logFile = join(logDirectory, `${name}.log`);
  return new LocalFunction({ name, entry, environment, timeoutMs, logFile }, concurrency);
}

function startReader(options: RouterOptions, signal: AbortSignal): Promise<ReaderService> {
  const { topology, aws, readerHealthPort, logDirectory } = options;
  return ReaderService.start(
    {
      name: "reader",
      entry: topology.reader.entry,
      environment: {
        // A reader that cannot read exits at once, so that the person sees the error at once.
        BLOCKED_SECONDS: "0",
        ...topology.reader.environment,
        ...aws.environment(),
        HEALTH_PORT: String(readerHealthPort),
      },
      logFile: join(logDirectory, "reader.log"),
      healthUrl: readerHealthUrl(options),
      onProblem: options.onProblem,
    },
    signal,
  );
}

function readerHealthUrl({ readerHealthPort }: RouterOptions): string {
  return `http://127.0.0.1:${readerHealthPort}/`;
}

function pidOf(name: string, { pids }: LocalFunction): Record<string, number> {
  const [pid] = pids;
  return pid === undefined ? {} : { [name]: pid };
}
