import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { embeddedMetrics } from "@binlog-router/local-aws/cloudwatch";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { alarmFacts } from "../../../../infra/local/console/facts/alarm-facts.ts";
import { MetricsClock } from "../../../../infra/local/console/metrics/metrics-clock.ts";
import { Monitor } from "../../../../infra/local/console/metrics/monitor.ts";
import { freePort } from "../../../../infra/local/mysql/free-port.ts";
import { silent } from "../../../../infra/local/mysql/progress.ts";
import { inBackground } from "../../../../infra/local/process/background.ts";
import { onThisMachine } from "../../../../infra/local/request/local-configuration.ts";
import { startRouter, type Router } from "../../../../infra/local/router.ts";
import { startOwnServer } from "../../../../infra/local/source/own-server.ts";
import { provision } from "../../../../infra/local/template/provision.ts";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";

/**
 * The factor by which time is sped up: a minute of the metrics and of the canary's schedule takes
 * one second.
 */
const SPEED = 60;
/** The timeout of an invocation, which reserves three seconds of it. */
const TIMEOUT_MS = 4000;
const QUEUE = "shop-router-canary-binlog-router.fifo";
const PATIENCE = { timeout: 60_000, interval: 100 };

const parts = new AsyncDisposableStack();
let aws: LocalAws;
let clients: AwsClients;
let router: Router;
let monitor: Monitor;
let queueUrl: string;
let logFile: string;
const problems: string[] = [];

beforeAll(async () => {
  const { signal } = new AbortController();
  const logDirectory = await mkdtemp(join(tmpdir(), "canary-"));
  parts.defer(() => rm(logDirectory, { recursive: true }));
  logFile = join(logDirectory, "canary.log");
  const config = exampleConfiguration({ canary: {} });
  const source = parts.use(
    await startOwnServer({
      environments: config.environments,
      tables: config.source.tables,
      canary: true,
      demo: false,
      ledger: true,
      tags: false,
      progress: silent,
      signal,
    }),
  );
  const { host, port, administrator, reader, accounts } = source;
  // The account has only the privileges that docs/deploying.md grants.
  await using connection = await createConnection({ host, port, ...administrator });
  await connection.query("REVOKE ALL PRIVILEGES, GRANT OPTION FROM binlog_canary");
  await connection.query("GRANT INSERT, UPDATE ON binlog_canary.beats TO binlog_canary");
  aws = parts.use(await startLocalAws());
  clients = parts.use(awsClients(aws));
  const made = await provision(synthesize(onThisMachine(config, { host, port, tls: "off" })), {
    aws,
    sourceCredentials: { username: reader.user, password: reader.password },
    accounts,
    signal,
  });
  if (made.canary === null) throw new Error("the template has no canary");
  const { periodMs } = made.canary;
  const canary = { ...made.canary, periodMs: periodMs / SPEED, timeoutMs: TIMEOUT_MS };
  queueUrl = made.queues.get(QUEUE)?.url ?? "";
  const readerHealthPort = await freePort();
  router = parts.use(
    await startRouter(
      {
        topology: { ...made, canary },
        aws,
        readerHealthPort,
        logDirectory,
        onProblem: (error) => void problems.push(String(error)),
      },
      signal,
    ),
  );
  const { monitoring } = made;
  monitor = new Monitor({ monitoring, aws, router, logDirectory, clock: new MetricsClock(SPEED) });
  parts.use(inBackground((stop) => monitor.run(stop)));
});
afterAll(() => parts.disposeAsync());

/** The values that the canary has reported for a metric, oldest first. */
async function reported(metric: string): Promise<number[]> {
  const lines = (await readFile(logFile, "utf8").catch(() => "")).split("\n");
  return lines
    .flatMap((line) => embeddedMetrics(line))
    .filter(({ metric: { name } }) => name === metric)
    .flatMap(({ values }) => values);
}

function state(): string | undefined {
  return monitor.alarms
    .statuses()
    .map(alarmFacts)
    .find(({ shortName }) => shortName === "Canary missing")?.state;
}

test("the row arrives with its delay, and the alarm does not ring", async () => {
  await vi.waitFor(async () => expect(await reported("CanaryArrived")).toContain(1), PATIENCE);
  const [delayMs = 0] = await reported("CanaryDelay");
  expect(delayMs).toBeGreaterThan(0);
  expect(delayMs).toBeLessThan(TIMEOUT_MS);
  await vi.waitFor(() => expect(state()).toBe("OK"), PATIENCE);
});

test("no row arrives while the reader is paused, and the alarm rings until it continues", async () => {
  const { reader = 0 } = router.pids();
  process.kill(reader, "SIGSTOP");
  try {
    await vi.waitFor(() => expect(state()).toBe("ALARM"), PATIENCE);
    expect((await reported("CanaryArrived")).at(-1)).toBe(0);
  } finally {
    process.kill(reader, "SIGCONT");
  }
  await vi.waitFor(() => expect(state()).toBe("OK"), PATIENCE);
  // The rows written in the meantime have arrived as well, late.
  await vi.waitFor(
    async () => expect(Math.max(...(await reported("CanaryDelay")))).toBeGreaterThan(2000),
    PATIENCE,
  );
});

test("its metric is missing when its queue is deleted", async () => {
  await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
  await vi.waitFor(() => {
    expect(problems.filter((text) => /queue/i.test(text)).length).toBeGreaterThan(1);
  }, PATIENCE);
  const before = await reported("CanaryArrived");
  const failed = problems.length;
  await vi.waitFor(() => expect(problems.length).toBeGreaterThan(failed), PATIENCE);
  expect(await reported("CanaryArrived")).toEqual(before);
});
