import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PurgeQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { awsClients, type AwsClients } from "@binlog-router/local-aws/clients";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { alarmFacts } from "../../../../../infra/local/console/facts/alarm-facts.ts";
import { MetricsClock } from "../../../../../infra/local/console/metrics/metrics-clock.ts";
import { Monitor } from "../../../../../infra/local/console/metrics/monitor.ts";
import { freePort } from "../../../../../infra/local/mysql/free-port.ts";
import { silent } from "../../../../../infra/local/mysql/progress.ts";
import { inBackground } from "../../../../../infra/local/process/background.ts";
import { onThisMachine } from "../../../../../infra/local/request/local-configuration.ts";
import { startRouter, type Router } from "../../../../../infra/local/router.ts";
import { startOwnServer } from "../../../../../infra/local/source/own-server.ts";
import type { Source } from "../../../../../infra/local/source/source.ts";
import type { LocalTopology } from "../../../../../infra/local/template/local-topology.ts";
import { provision } from "../../../../../infra/local/template/provision.ts";
import { synthesize } from "../../../../../infra/local/template/synthesize.ts";
import { exampleConfiguration } from "../../../../support/example-stack.ts";
import { TcpProxy } from "../../../../support/tcp-proxy.ts";

/** A minute of the metrics takes two seconds. */
const SPEED = 30;
const PATIENCE = { timeout: 100_000, interval: 100 };
/** `ALARM_CAUSES=all` also those that take a minute. */
const ALL = process.env["ALARM_CAUSES"] === "all";

/**
 * Something that happens to the running stack. The alarms are those of the runbook's table, but for
 * the standby's.
 */
interface Cause {
  readonly name: string;
  readonly rings: readonly string[];
  readonly begin: () => Promise<unknown> | void;
  readonly end: () => Promise<unknown> | void;
}

const parts = new AsyncDisposableStack();
let source: Source;
let proxy: TcpProxy;
let aws: LocalAws;
let clients: AwsClients;
let topology: LocalTopology;
let router: Router;
let monitor: Monitor;

beforeAll(async () => {
  const { signal } = new AbortController();
  const logDirectory = await mkdtemp(join(tmpdir(), "alarms-"));
  parts.defer(() => rm(logDirectory, { recursive: true }));
  const config = exampleConfiguration({ alarms: { lagSeconds: 2 } });
  const { environments } = config;
  const { tables } = config.source;
  source = parts.use(
    await startOwnServer({
      environments,
      tables,
      canary: false,
      demo: true,
      ledger: true,
      tags: true,
      progress: silent,
      signal,
    }),
  );
  proxy = parts.use(await TcpProxy.listen(source));
  aws = parts.use(await startLocalAws());
  clients = parts.use(awsClients(aws));
  const server = { host: "127.0.0.1", port: proxy.port, tls: "off" } as const;
  const { user: username, password } = source.reader;
  const template = synthesize(onThisMachine(config, server));
  const made = await provision(template, {
    aws,
    sourceCredentials: { username, password },
    signal,
  });
  const { reader, retry } = made;
  topology = {
    ...made,
    reader: { ...reader, environment: { ...reader.environment, METRICS_SECONDS: "1" } },
    retry: { ...retry, periodMs: retry.periodMs / SPEED },
  };
  const readerHealthPort = await freePort();
  router = parts.use(
    await startRouter(
      { topology, aws, readerHealthPort, logDirectory, onProblem: () => undefined },
      signal,
    ),
  );
  const { monitoring } = topology;
  monitor = new Monitor({ monitoring, aws, router, logDirectory, clock: new MetricsClock(SPEED) });
  parts.use(inBackground((stop) => monitor.run(stop)));
});
afterAll(() => parts.disposeAsync());

/** What rings, by short names. */
function ringing(): string[] {
  return monitor.alarms
    .statuses()
    .map(alarmFacts)
    .filter(({ state }) => state === "ALARM")
    .map(({ shortName }) => shortName);
}

function queueUrl(name: string): string {
  return topology.queues.get(name)?.url ?? "";
}

const DEAD = "shop-billing-staging-dead.fifo";
const BILLING = "shop-billing-staging.fifo";

const QUICK: readonly Cause[] = [
  {
    name: "MySQL cannot be reached, or does not answer",
    rings: ["Lag", "Reader held up", "Reader not reporting"],
    begin: () => {
      proxy.refuse(true);
      proxy.cut();
    },
    end: () => proxy.refuse(false),
  },
];

const SLOW: readonly Cause[] = [
  {
    name: "An application fails on a message again and again",
    rings: ["Dead-letter queue not empty billing staging"],
    begin: () =>
      clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: queueUrl(DEAD),
          MessageBody: "a dead letter",
          MessageGroupId: "shop.orders",
          MessageDeduplicationId: "1",
        }),
      ),
    end: () => clients.sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl(DEAD) })),
  },
  {
    name: "No task of the reader runs",
    rings: ["Reader not reporting"],
    begin: () => void process.kill(router.pids()["reader"] ?? 0, "SIGSTOP"),
    end: () => void process.kill(router.pids()["reader"] ?? 0, "SIGCONT"),
  },
  {
    name: "An environment's queue is deleted, full or forbidden",
    rings: ["Failures pending"],
    begin: async () => {
      aws.faults.add({
        service: "sqs",
        action: "SendMessage*",
        resource: BILLING,
        effect: { kind: "error", code: "AccessDenied" },
      });
      const [staging] = source.accounts.filter(({ environment }) => environment === "staging");
      if (staging === undefined) throw new Error("staging has no account");
      const { host, port } = source;
      const { user, password } = staging;
      await using connection = await createConnection({ host, port, user, password });
      await connection.query("INSERT INTO shop.orders (customer, total) VALUES ('Ada', 1)");
    },
    end: () => aws.faults.clear(),
  },
];

test.each(ALL ? [...QUICK, ...SLOW] : QUICK)(
  "$name: its alarms ring, no other, and all clear",
  { timeout: 400_000 },
  async ({ rings, begin, end }) => {
    const rung = new Set<string>();
    const look = () => {
      for (const name of ringing()) rung.add(name);
      return [...rung].toSorted();
    };
    await vi.waitFor(() => expect(ringing()).toEqual([]), PATIENCE);
    await begin();
    await vi.waitFor(() => expect(look()).toEqual(rings.toSorted()), PATIENCE);
    await end();
    await vi.waitFor(() => {
      look();
      expect(ringing()).toEqual([]);
    }, PATIENCE);
    expect(look()).toEqual(rings.toSorted());
  },
);
