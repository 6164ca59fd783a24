import { lookup } from "node:dns/promises";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withoutCanary } from "../../config/canary.ts";
import type { Configuration } from "../../config/configuration.ts";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import type { Demonstration } from "./demo/demonstration.ts";
import { demonstrationPlan } from "./demo/demonstration-plan.ts";
import { joinIn, locatedQueues, stackFile } from "./describe-stack.ts";
import type { StackParts } from "./running/stack-parts.ts";
import type { JoinIn } from "./display/join-in.ts";
import type { Snapshot } from "./display/snapshot.ts";
import { environmentFile } from "./environment-file.ts";
import { KeptState } from "./kept/kept-state.ts";
import { onThisMachine } from "./request/local-configuration.ts";
import type { StartOptions } from "./request/options.ts";
import { UsageError } from "./request/refusal.ts";
import { choosePorts, choosePortsToKeep, inOrder } from "./request/ports.ts";
import { startConsole } from "./console/console.ts";
import { gatherFacts } from "./console/facts/gather-facts.ts";
import { Monitor } from "./console/metrics/monitor.ts";
import { MetricsClock } from "./console/metrics/metrics-clock.ts";
import { inBackground } from "./process/background.ts";
import { releaseLease } from "./kept/release-lease.ts";
import { startRouter } from "./router.ts";
import { startDemonstration } from "./start-demonstration.ts";
import { type SourceRequest, startSource } from "./start-source.ts";
import { filterWarnings } from "./source/filter-warnings.ts";
import type { Source } from "./source/source.ts";
import type { StackDirectory } from "./stack-file.ts";
import { Status } from "./status.ts";
import { awsClients } from "@binlog-router/local-aws/clients";
import type { LocalTopology } from "./template/local-topology.ts";
import { provision } from "./template/provision.ts";
import { synthesizeApart } from "./template/synthesize-apart.ts";

/** Everything that `npm start` runs. Disposing stops all of it. */
export interface Stack extends AsyncDisposable {
  /** Null with `--no-demo`. */
  readonly demonstration: Demonstration | null;
  readonly joinIn: JoinIn;
  /** Warnings about filters that do not fit the server's tables. */
  readonly warnings: readonly string[];
  /** The kept state; null without `--keep`. `isFirst`: this start creates it. */
  readonly kept: { readonly path: string; readonly isFirst: boolean } | null;
  /** The address of the page that shows the stack's state. */
  readonly pageUrl: string;
  /** Returns the present state; null when it cannot be determined. */
  snapshot(): Promise<Snapshot | null>;
  /** See `Status.standStillMs`. */
  standStillMs(): number | null;
}

export interface StackOptions extends SourceRequest {
  readonly directory: StackDirectory;
}

/**
 * Starts everything and writes stack.json when all is ready. Throws a Refusal or PortInUseError
 * when the request cannot be fulfilled. When a part fails, it stops the parts that run.
 */
export async function startStack(request: StackOptions, signal: AbortSignal): Promise<Stack> {
  const { options, directory, steps } = request;
  // A server that `--mysql` names has neither the canary's account nor its table.
  const config = options.mysql === undefined ? request.config : withoutCanary(request.config);
  const plan = options.demo ? demonstrationPlan(config) : null;
  const kept = options.keep ? await KeptState.open(directory.path, serverName(options)) : null;
  const isOwnMysql = options.mysql === undefined;
  const keptPorts =
    kept === null ? null : await choosePortsToKeep(options.portBase, kept.ports, isOwnMysql);
  const ports =
    keptPorts === null ? await choosePorts(options.portBase, isOwnMysql) : inOrder(keptPorts);
  const reached = options.host === undefined ? undefined : await addressOf(options.host);
  const logDirectory = await emptyDirectory(join(directory.path, "log"));

  await using started = new AsyncDisposableStack();
  const source = started.use(
    await steps.run(
      "MySQL",
      () => startSource({ ...request, config }, plan, ports, { host: reached, kept, signal }),
      ({ version, host, port }) => `${version} at ${host}:${port}`,
    ),
  );
  const warnings = await filterWarnings(source, config);
  const aws = started.use(
    await startLocalAws({
      ports: ports.aws,
      ...(reached !== undefined && { host: reached }),
      ...(kept !== null && { directory: kept.awsDirectory }),
    }),
  );
  const topology = await steps.run(
    "Queues, tables and settings of the CDK app",
    () => provisionTopology(config, source, aws, signal),
    ({ queues }) => `${queues.size} queues`,
  );
  const clients = started.use(awsClients(aws));
  const queues = locatedQueues(config, topology);
  const parts: StackParts = { config, source, aws, topology, queues };
  const status = started.use(new Status());
  const onProblem = (error: unknown): void => {
    if (!signal.aborted) status.problem(error);
  };

  // The lease's holder is dead: this process has the state directory, and the reader's port is
  // free.
  if (kept?.isFirst === false) await releaseLease(clients, topology.tables.offsets);
  const router = started.use(
    await steps.run(
      "Reader and functions",
      () =>
        startRouter(
          { topology, aws, readerHealthPort: ports.readerHealth, logDirectory, onProblem },
          signal,
        ),
      () => "ready",
    ),
  );
  if (keptPorts !== null) await kept?.complete(keptPorts);
  const monitor = new Monitor({
    monitoring: topology.monitoring,
    aws,
    router,
    logDirectory,
    clock: new MetricsClock(),
  });
  started.use(inBackground((stop) => monitor.run(stop)));
  const watching = { parts, clients, router, monitor, startedMs: Date.now() };
  status.watch(() => gatherFacts(watching));
  const page = started.use(
    await startConsole({
      ...watching,
      address: { port: ports.console ?? 0, ...(reached !== undefined && { host: reached }) },
    }),
  );
  const demonstration =
    plan === null
      ? null
      : started.use(
          await startDemonstration(plan, parts, {
            clients,
            logDirectory,
            onProblem,
            earlierStarts: kept?.starts ?? 0,
          }),
        );
  if (demonstration !== null) status.follow(demonstration);

  signal.throwIfAborted();
  const announce = () => {
    const stack = stackFile(
      parts,
      {
        main: process.pid,
        ...(source.pid !== null && { mysql: source.pid }),
        ...router.pids(),
        ...demonstration?.pids,
      },
      page.url,
    );
    return directory.write(stack, environmentFile(stack, config.name, source.client));
  };
  await announce();
  started.defer(() => directory.withdraw());
  router.onNewProcess(() => void announce().catch(onProblem));
  const running = started.move();
  return {
    demonstration,
    kept: kept === null ? null : { path: kept.path, isFirst: kept.isFirst },
    warnings,
    joinIn: joinIn(parts, directory.stackFile),
    pageUrl: page.url,
    snapshot: () => status.snapshot(),
    standStillMs: () => status.standStillMs(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The IP address of a host: SDKs put a bucket's name before a host name. Throws UsageError. */
async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host, 4)).address;
  } catch (cause) {
    throw new UsageError(`--host ${host}: this machine cannot resolve the name`, { cause });
  }
}

async function emptyDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}

/** The server's name in the kept state. */
function serverName({ mysql }: StartOptions): string {
  return mysql === undefined ? "the server that npm start starts" : `${mysql.host}:${mysql.port}`;
}

/** Creates the topology of the CDK app's template in the stand-ins. */
async function provisionTopology(
  config: Configuration,
  source: Source,
  aws: LocalAws,
  signal: AbortSignal,
): Promise<LocalTopology> {
  const { user, password } = source.reader;
  return provision(await synthesizeApart(onThisMachine(config, source)), {
    aws,
    sourceCredentials: { username: user, password },
    accounts: source.accounts,
    signal,
  });
}
