import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { createConnection, type Connection } from "mysql2/promise";
import { MetricsClock } from "../../../../infra/local/console/metrics/metrics-clock.ts";
import { Monitor } from "../../../../infra/local/console/metrics/monitor.ts";
import { freePort } from "../../../../infra/local/mysql/free-port.ts";
import { silent } from "../../../../infra/local/mysql/progress.ts";
import { inBackground } from "../../../../infra/local/process/background.ts";
import { onThisMachine } from "../../../../infra/local/request/local-configuration.ts";
import { startRouter, type Router } from "../../../../infra/local/router.ts";
import { startOwnServer } from "../../../../infra/local/source/own-server.ts";
import type { Source } from "../../../../infra/local/source/source.ts";
import type { LocalTopology } from "../../../../infra/local/template/local-topology.ts";
import { provision } from "../../../../infra/local/template/provision.ts";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import { exampleConfiguration } from "../../example-stack.ts";
import { binlogRouterOn, stackFileOf, type Ended } from "../../operator.ts";
import { TcpProxy } from "../../tcp-proxy.ts";
import { runApplications, runWriter } from "./load.ts";
import { ReaderTasks } from "./reader-tasks.ts";
import { SPEED, spedUp, WHOLE } from "./sped-up.ts";

const MINUTE_MS = 60_000;

/**
 * The whole system with a real MySQL, real readers and functions. Their metrics ring the alarms of
 * the synthesized template. The metrics' clock is sped up.
 */
export class LiveStack implements AsyncDisposable {
  readonly source: Source;
  readonly proxy: TcpProxy;
  readonly aws: LocalAws;
  readonly clients: AwsClients;
  readonly topology: LocalTopology;
  readonly router: Router;
  readonly monitor: Monitor;
  /** The names of the queues whose application does not run. */
  readonly asleep = new Set<string>();
  /** Whether staging writes rows continually. */
  isWriting = false;
  readonly readers: ReaderTasks;
  readonly #logDirectory: string;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    parts: AsyncDisposableStack,
    made: Pick<
      LiveStack,
      "source" | "proxy" | "aws" | "clients" | "topology" | "router" | "monitor"
    >,
    places: { readonly logDirectory: string; readonly standbyPort: number },
  ) {
    this.source = made.source;
    this.proxy = made.proxy;
    this.aws = made.aws;
    this.clients = made.clients;
    this.topology = made.topology;
    this.router = made.router;
    this.monitor = made.monitor;
    this.readers = new ReaderTasks({ ...made, ...places });
    this.#logDirectory = places.logDirectory;
    this.#parts = parts;
  }

  /**
   * Starts the stack. `everything`: with a standby, applications and a canary. `before`: prepares
   * the MySQL server before the reader starts.
   */
  static async start(
    everything: boolean,
    before: (source: Source) => Promise<void> = () => Promise.resolve(),
  ): Promise<LiveStack> {
    const { signal } = new AbortController();
    await using parts = new AsyncDisposableStack();
    const logDirectory = await mkdtemp(join(tmpdir(), "alarms-"));
    parts.defer(() => rm(logDirectory, { recursive: true }));
    const config = exampleConfiguration(everything ? WHOLE : { alarms: { lagSeconds: 2 } });
    const { environments } = config;
    const source = parts.use(
      await startOwnServer({
        environments,
        tables: config.source.tables,
        canary: everything,
        demo: true,
        ledger: true,
        // Without tags, the reader also attributes by the process list.
        tags: !everything,
        progress: silent,
        signal,
      }),
    );
    await before(source);
    const proxy = parts.use(await TcpProxy.listen(source));
    const aws = parts.use(await startLocalAws());
    const clients = parts.use(awsClients(aws));
    const server = { host: "127.0.0.1", port: proxy.port, tls: "off" } as const;
    const { user: username, password } = source.reader;
    const made = await provision(synthesize(onThisMachine(config, server)), {
      aws,
      sourceCredentials: { username, password },
      accounts: source.accounts,
      signal,
    });
    const topology = spedUp(made, everything, defectIn(logDirectory));
    const options = { topology, aws, readerHealthPort: await freePort(), logDirectory };
    const router = parts.use(await startRouter({ ...options, onProblem: () => undefined }, signal));
    const { monitoring } = topology;
    const clock = new MetricsClock(SPEED);
    const monitor = new Monitor({ monitoring, aws, router, logDirectory, clock });
    parts.use(inBackground((stop) => monitor.run(stop)));
    const places = { logDirectory, standbyPort: await freePort() };
    const moved = parts.move();
    const stack = new LiveStack(
      moved,
      { source, proxy, aws, clients, topology, router, monitor },
      places,
    );
    if (everything) await stack.#runTheRest(moved);
    return stack;
  }

  /** The short names of the alarms that ring. Without a standby, its alarm is left out. */
  ringing(): string[] {
    return this.monitor.alarms
      .ringing()
      .map((name) => name.slice(name.indexOf(": ") + 2))
      .filter((name) => this.readers.standby !== null || name !== "Standby missing");
  }

  /** The names of the alarms without enough data. */
  undecided(): string[] {
    return this.monitor.alarms
      .statuses()
      .filter(({ state }) => state === "INSUFFICIENT_DATA")
      .map(({ definition }) => definition.name);
  }

  /** Whether alarms over several minutes still count values of the past minutes. */
  get isRecovering(): boolean {
    return this.monitor.alarms
      .statuses()
      .filter(({ definition }) => definition.periodMs > MINUTE_MS)
      .some(({ recent }) => recent.some((value) => (value ?? 0) > 0));
  }

  queueUrl(name: string): string {
    return this.topology.queues.get(name)?.url ?? "";
  }

  /** The address of MySQL, and an environment's first account with its password. */
  account(environment: string): { host: string; port: number; user: string; password: string } {
    const found = this.source.accounts.find((account) => account.environment === environment);
    if (found === undefined) throw new Error(`${environment} has no account`);
    const { host, port } = this.source;
    return { host, port, user: found.user, password: found.password };
  }

  /** Opens a connection of the administrator that bypasses the proxy. */
  administrator(): Promise<Connection> {
    const { host, port, administrator } = this.source;
    return createConnection({ host, port, ...administrator });
  }

  /** Runs statements as the administrator on a new connection. */
  async administrate(...statements: string[]): Promise<void> {
    await using connection = await this.administrator();
    for (const statement of statements) await connection.query(statement);
  }

  /** Inserts an order as staging. */
  async write(): Promise<void> {
    await using connection = await createConnection(this.account("staging"));
    await connection.query("INSERT INTO shop.orders (customer, total) VALUES ('Ada', 1)");
  }

  /** Runs an operator's command and returns its output. Throws when it fails. */
  async operator(...args: string[]): Promise<string> {
    const { tables, outputs } = this.topology;
    const stack = {
      ...stackFileOf(this.aws, tables),
      payloadBucket: outputs["PayloadBucket"] ?? "",
    };
    const ended: Ended = await binlogRouterOn(stack, ...args);
    if (ended.code === 0) return ended.out;
    throw new Error(`${args.join(" ")}: ${ended.code} ${ended.out}${ended.problem}`);
  }

  /** Sets attributes of the raw queue. */
  async setRawQueue(attributes: Record<string, string>): Promise<void> {
    await this.clients.sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl: this.queueUrl("shop-raw.fifo"),
        Attributes: attributes,
      }),
    );
  }

  /** Gives the route function a mistake with which all its invocations fail, or removes it. */
  async breakRoute(isBroken: boolean): Promise<void> {
    const defect = defectIn(this.#logDirectory);
    await (isBroken ? writeFile(defect, "") : rm(defect, { force: true }));
  }

  /** The log of a part. */
  log(part: "reader" | "route"): Promise<string> {
    return readFile(join(this.#logDirectory, `${part}.log`), "utf8");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync().then(() => undefined);
  }

  async #runTheRest(parts: AsyncDisposableStack): Promise<void> {
    await this.readers.startStandby();
    parts.defer(async () => void (await this.readers.standby?.stop()));
    parts.use(runApplications(this));
    parts.use(runWriter(this));
  }
}

function defectIn(logDirectory: string): string {
  return join(logDirectory, "route.defect");
}
