import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { encodeRouting, type RoutingInput } from "../../../../config/routing.ts";
import type { ReplayView } from "../../../../operator/commands/replay/describe.ts";
import { ReplayItems } from "../../../../operator/commands/replay/replay-items.ts";
import type { TailedChange } from "../../../../operator/commands/tail/tailed-change.ts";
import type { StackFile } from "../../../../operator/shared/stack-file.ts";
import { localTarget } from "../../../../operator/shared/target.ts";
import type { Change, EnvironmentMessage } from "../../../../wire/message.ts";
import { CALLER, describeStacks } from "../../../support/cloud-formation.ts";
import { binlogRouter, binlogRouterOn, operatorProgram } from "../../../support/operator.ts";
import { EnvironmentQueues } from "../../../support/start/environment-queues.ts";
import { startProcess, type StartProcess } from "../../../support/start/local-stack.ts";

const STAGING = ["--environment", "staging"];
const LAKE = ["--subscriber", "lake", "--format", "message"];
const PATIENCE = { timeout: 60_000, interval: 50 };

const CONFIG = {
  name: "shop",
  lanes: 3,
  source: { tables: ["shop.*"] },
  environments: {
    production: { users: ["app_production"] },
    staging: { users: ["app_staging"] },
  },
  subscribers: {
    billing: { tables: ["shop.orders"], where: "status <> 'draft'" },
    search: { tables: ["shop.*"], columns: { mask: { "*.*.email": "hash" } } },
    lake: { tables: ["shop.*"], format: "debezium" },
  },
};

let start: StartProcess;
let stack: StackFile;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stretch-"));
  const file = join(directory, "config.json");
  await writeFile(file, JSON.stringify(CONFIG));
  start = startProcess(["--no-demo", "--config", file]);
  stack = await start.ready();
  await using administrator = await createConnection(stack.mysql);
  await administrator.query(
    "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, status VARCHAR(10), email VARCHAR(40))",
  );
  await administrator.query("CREATE TABLE shop.lines (id INT PRIMARY KEY, what VARCHAR(40))");
});
afterAll(async () => {
  await start[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function as(environment: string): Promise<Connection> {
  const [account] = stack.environments[environment]?.users ?? [];
  const { host, port } = stack.mysql;
  return createConnection({ host, port, ...account });
}

/** The stack file without lake, whose queues hold messages in another format. */
function withoutLake({ environments, ...others }: StackFile): StackFile {
  const left = Object.entries(environments).map(([name, { users, queues }]) => {
    const { lake: _, ...envelopes } = queues;
    return [name, { users, queues: envelopes }];
  });
  return { ...others, environments: Object.fromEntries(left) as StackFile["environments"] };
}

function local(): string[] {
  return ["--local", join(start.stateDirectory, "stack.json")];
}

/** A running command, with the output so far. */
function running(...args: string[]) {
  const { main, environment } = operatorProgram();
  const child: ChildProcess = spawn(process.execPath, [main, ...args, ...local()], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const printed = { out: "", problem: "" };
  child.stdout?.on("data", (data: Buffer) => (printed.out += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (printed.problem += data.toString()));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, printed, ended, lines: () => printed.out.split("\n").slice(0, -1) };
}

describe("tail", () => {
  test("prints an environment's changes as they are written, and takes nothing from its queues", async () => {
    using queues = new EnvironmentQueues(withoutLake(stack));
    await using staging = await as("staging");
    await using production = await as("production");
    await staging.query("INSERT INTO shop.lines VALUES (0, 'before tail')");
    const all = running("tail", "--environment", "staging", "--from", "5m");
    const one = running("tail", ...STAGING, "--subscriber", "billing", "--from", "5m");
    const lake = running("tail", ...STAGING, ...LAKE, "--table", "shop.orders", "--from", "5m");
    await vi.waitUntil(() => all.lines().length > 0, PATIENCE);

    await production.query("INSERT INTO shop.orders VALUES (1, 'paid', 'foreign@example.com')");
    await staging.query(
      "INSERT INTO shop.orders VALUES (9007199254740993, 'draft', 'ada@example.com')",
    );
    await staging.query("UPDATE shop.orders SET status = 'paid' WHERE id = 9007199254740993");
    await staging.query("DELETE FROM shop.orders WHERE id = 9007199254740993");
    const changes = await vi.waitFor(() => {
      expect(all.lines()).toHaveLength(4);
      expect(one.lines()).toHaveLength(2);
      expect(lake.lines()).toHaveLength(3);
      return all.lines().map((line) => JSON.parse(line) as TailedChange);
    }, PATIENCE);
    expect(changes).toMatchObject([
      { op: "c", table: "shop.lines", subscribers: ["search", "lake"] },
      { op: "c", subscribers: ["search", "lake"], user: "app_staging", attribution: "tag" },
      { op: "u", subscribers: ["billing", "search", "lake"] },
      { op: "d", subscribers: ["billing", "search", "lake"] },
    ]);
    expect(all.printed.out).toContain('"id":9007199254740993');
    expect(all.printed.out + one.printed.out + lake.printed.out).not.toContain("foreign");
    // The subscriber's condition turns the change into an insert.
    expect(one.lines().map((line) => (JSON.parse(line) as TailedChange).op)).toEqual(["c", "d"]);
    expect(lake.lines().map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { op: "c" },
      { op: "u" },
      { op: "d" },
    ]);

    // The queues received exactly these changes, in this order.
    const ids = changes.map(({ id }) => id);
    await vi.waitFor(() => {
      const taken = queues.of("staging", "search").map(({ change }) => change);
      expect(taken.map(({ id }) => id)).toEqual(ids);
    }, PATIENCE);

    for (const { child, ended } of [all, one, lake]) {
      child.kill("SIGINT");
      expect(await ended).toBe(0);
    }
    const again = running("tail", "--environment", "staging", "--from", "5m", "--format", "text");
    await vi.waitUntil(() => again.lines().length === 4, PATIENCE);
    expect(again.lines()[2]).toMatch(
      /^[\d:.]{12} update {3}shop\.orders \{"id":9007199254740993\} status: "draft" ⇒ "paid" by app_staging@\S+ → billing, search, lake$/,
    );
  });

  test("keeps the log's order, whatever lanes the tables are in", async () => {
    await using staging = await as("staging");
    const tables = ["a", "b", "c", "d", "e", "f"].map((name) => `shop.in_order_${name}`);
    for (const table of tables) await staging.query(`CREATE TABLE ${table} (id INT PRIMARY KEY)`);
    for (let id = 0; id < 5; id++)
      for (const table of tables) await staging.query(`INSERT INTO ${table} VALUES (${id})`);
    const order = ["--table", "Shop.none, shop.in_order_*, !*.in_order_f", "--from", "5m"];
    const all = running("tail", ...STAGING, ...order, "--format", "json");
    await vi.waitUntil(() => all.lines().length === 30, PATIENCE);
    const changes = all.lines().map((line) => JSON.parse(line) as TailedChange);
    const written = changes.slice(5).map(({ table, key }) => [table, key]);
    expect(written).toEqual(
      [0, 1, 2, 3, 4].flatMap((id) => tables.slice(0, 5).map((table) => [table, { id }])),
    );
    const refused = await binlogRouter(["tail", ...STAGING, "--table", "orders", ...local()]);
    expect(refused).toMatchObject({
      code: 2,
      problem: expect.stringMatching(/^--table: "orders" is no/),
    });
  });

  test("begins now, with the authors of connections that are open", async () => {
    await using production = await as("production");
    await production.query("INSERT INTO shop.lines VALUES (10, 'before')");
    const now = running("tail", "--environment", "production", "--format", "json");
    await vi.waitUntil(() => now.printed.problem.includes("follows from mysql-bin."), PATIENCE);
    await production.query("INSERT INTO shop.lines VALUES (11, 'after')");
    await vi.waitUntil(() => now.lines().length > 0, PATIENCE);
    const changes = now.lines().map((line) => JSON.parse(line) as TailedChange);
    expect(changes).toMatchObject([{ key: { id: 11 }, user: "app_production" }]);
  });

  test("names the environments and subscribers that there are", async () => {
    const environment = await binlogRouter(["tail", "--environment", "nowhere", ...local()]);
    expect(environment.code).toBe(2);
    expect(environment.problem).toContain("there are production, staging, unrouted");
    const subscriber = await binlogRouter([
      "tail",
      ...STAGING,
      "--subscriber",
      "nobody",
      ...local(),
    ]);
    expect(subscriber.problem).toContain("there are billing, search, lake");
  });
});

/** Receives and deletes a queue's messages. Returns their bodies in the order of receipt. */
async function bodiesIn(environment: string, subscriber: string): Promise<string[]> {
  const { region, accessKeyId, secretAccessKey, sqsEndpoint } = stack.aws;
  const credentials = { accessKeyId, secretAccessKey };
  const sqs = new SQSClient({ region, endpoint: sqsEndpoint, credentials });
  const QueueUrl = stack.environments[environment]?.queues[subscriber];
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
    );
    if (Messages.length === 0) break;
    for (const { Body = "", ReceiptHandle } of Messages) {
      bodies.push(Body);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  sqs.destroy();
  return bodies;
}

function changesIn(bodies: readonly string[]): Change[] {
  return bodies.flatMap((body) => (JSON.parse(body) as EnvironmentMessage).changes);
}

/** The changes of `shop.large`. */
function largeIn(bodies: readonly string[]): Change[] {
  return changesIn(bodies).filter(({ source }) => source.table === "large");
}

async function replay(...args: string[]): Promise<{ code: number; out: string; problem: string }> {
  return await binlogRouter(["replay", ...args, ...local()]);
}

async function replays(): Promise<readonly ReplayView[]> {
  return JSON.parse((await replay("list", "--json")).out) as ReplayView[];
}

/** Waits until the reader has saved its offset behind everything that was written. */
async function untilPassed(): Promise<void> {
  await using administrator = await createConnection(stack.mysql);
  const [[executed]] = await administrator.query<RowDataPacket[]>(
    "SELECT @@global.gtid_executed AS gtids",
  );
  await vi.waitFor(async () => {
    const { out } = await binlogRouter(["offsets", "show", "--json", ...local()]);
    const { offset } = JSON.parse(out) as { offset: { gtidSet: string } };
    const [[passed]] = await administrator.query<RowDataPacket[]>(
      "SELECT GTID_SUBSET(?, ?) AS passed",
      [executed?.["gtids"], offset.gtidSet],
    );
    expect(Number(passed?.["passed"])).toBe(1);
  }, PATIENCE);
}

/** The server's current time, in the format of `--from`. */
async function serverTime(): Promise<string> {
  await using administrator = await createConnection(stack.mysql);
  const [[row]] = await administrator.query<RowDataPacket[]>(
    "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS at",
  );
  return String(row?.["at"]);
}

const SEARCH = [...STAGING, "--subscriber", "search"];
const BILLING = [...STAGING, "--subscriber", "billing"];

describe("replay", () => {
  test("sends a stretch again to one queue, in order, with ids and authors; a second replay sends the same", async () => {
    await using staging = await as("staging");
    await using production = await as("production");
    const at = await serverTime();
    for (let id = 100; id < 110; id++) {
      await staging.query("INSERT INTO shop.orders VALUES (?, 'placed', 'ada@example.com')", [id]);
      await production.query("INSERT INTO shop.orders VALUES (?, 'foreign', '')", [id + 100]);
    }
    await staging.query("UPDATE shop.orders SET status = 'draft' WHERE id = 105");
    await untilPassed();
    const others = [
      ...["search", "lake"].map((subscriber) => ["staging", subscriber] as const),
      ...["billing", "search", "lake"].map((subscriber) => ["production", subscriber] as const),
    ];
    const elsewhere = new Map<string, string[]>();
    const drainOthers = async (): Promise<void> => {
      for (const [environment, subscriber] of others) {
        const name = `${subscriber} in ${environment}`;
        const bodies = elsewhere.get(name) ?? [];
        elsewhere.set(name, [...bodies, ...(await bodiesIn(environment, subscriber))]);
      }
    };
    let first: Change[] = [];
    await vi.waitFor(async () => {
      first = [...first, ...changesIn(await bodiesIn("staging", "billing"))].filter(
        ({ source }) => source.ts_ms >= Date.parse(at),
      );
      expect(first).toHaveLength(11);
    }, PATIENCE);

    const dry = await replay(...BILLING, "--from", at, "--dry-run");
    expect(dry.out).toMatch(
      /^11 changes in \d+ messages? would be sent to billing in staging\. Nothing/,
    );
    expect(dry.problem).toContain("The server's binlog goes back to 20");
    expect(await bodiesIn("staging", "billing")).toEqual([]);

    const rounds: string[][] = [];
    for (let round = 0; round < 2; round++) {
      const { code, out } = await replay(...BILLING, "--from", at, "--json");
      expect(code).toBe(0);
      const view = JSON.parse(out) as ReplayView;
      expect(view).toMatchObject({ state: "complete", changes: 11, unknown: 0, from: at });
      expect(view.startedBy).toBe(userInfo().username);
      const bodies = await bodiesIn("staging", "billing");
      for (const body of bodies) {
        const { replay: mark } = JSON.parse(body) as EnvironmentMessage;
        expect(mark).toEqual({ id: view.id });
      }
      expect(changesIn(bodies)).toEqual(first);
      rounds.push(bodies.map((body) => body.replace(view.id, "ID")));
    }
    expect(rounds[0]).toEqual(rounds[1]);
    // The other queues received the changes once, without a replay mark. (Messages of lake have no
    // such mark.)
    const inLake = (environment: string) =>
      elsewhere.get(`lake in ${environment}`)?.filter((body) => /"id":[12]\d\d,/.test(body));
    await vi.waitFor(async () => {
      await drainOthers();
      expect(inLake("staging")).toHaveLength(11);
      expect(inLake("production")).toHaveLength(10);
    }, PATIENCE);
    const marked = [...elsewhere.values()].flat().filter((body) => body.includes('"replay":'));
    expect(marked).toEqual([]);
    const tables = await replay(
      ...STAGING,
      "--subscriber",
      "lake",
      "--from",
      at,
      "--tables",
      "shop.lines",
    );
    expect(tables.out).toContain("it has sent 0 changes");
  });

  test("goes on where it was after its process was killed, and loses nothing", async () => {
    await using staging = await as("staging");
    const at = await serverTime();
    await staging.query("CREATE TABLE shop.large (id INT PRIMARY KEY, what MEDIUMTEXT)");
    // Empties the queue, in which the CREATE TABLE may have arrived already.
    const original = largeIn(await bodiesIn("staging", "search"));
    const text = "x".repeat(300_000);
    for (let id = 1; id <= 60; id++)
      await staging.query("INSERT INTO shop.large VALUES (?, ?)", [id, text]);
    await untilPassed();
    const wanted = [...STAGING, "--subscriber", "search", "--tables", "shop.large", "--from", at];
    // The changes of the stream arrive a moment after the reader has passed them.
    await vi.waitFor(async () => {
      original.push(...largeIn(await bodiesIn("staging", "search")));
      expect(original).toHaveLength(61);
    }, PATIENCE);

    const atFullSpeed = await slowSends(500);
    const killed = running("replay", ...wanted);
    using target = await localTarget(join(start.stateDirectory, "stack.json"));
    const items = new ReplayItems(target);
    const under = await vi.waitFor(
      async () => {
        const latest = (await items.all()).at(-1);
        expect(latest).toMatchObject({ subscriber: "search", tables: ["shop.large"] });
        expect(latest?.changes).toBeGreaterThan(0);
        return latest;
      },
      { timeout: 60_000, interval: 2 },
    );
    killed.child.kill("SIGKILL");
    await killed.ended;
    await atFullSpeed();
    const { id = "" } = under ?? {};
    const [left] = (await replays()).filter((each) => each.id === id);
    expect(left).toMatchObject({ state: "running" });
    expect(left?.changes).toBeLessThan(61);
    // The rest would have no messages while the configuration lacks the queue.
    const { billing, lake } = CONFIG.subscribers;
    const routing = encodeRouting({ ...CONFIG, subscribers: { billing, lake } } as RoutingInput);
    const parts = stack.parts ?? expect.unreachable("the stack file has the parts' settings");
    const without = { ...parts, route: { ...parts.route, ROUTING: routing } };
    const refused = await binlogRouterOn({ ...stack, parts: without }, "replay", "resume", id);
    expect(refused).toMatchObject({
      code: 2,
      problem: expect.stringContaining("there is no queue of search in staging") as string,
    });
    const resumed = await replay("resume", id);
    expect(resumed.out).toContain(`Replay ${id} is complete: it has sent 61 changes`);
    const ids = (await bodiesIn("staging", "search")).flatMap((body) =>
      (JSON.parse(body) as EnvironmentMessage).changes.map(({ after }) =>
        Number(after?.["id"] ?? 0),
      ),
    );
    expect(ids).toEqual(Array.from({ length: 61 }, (_, row) => row));

    const again = await replay("resume", id);
    expect(again).toMatchObject({ code: 2, problem: expect.stringContaining("complete already") });
    const unknown = await replay("cancel", "20260101-000000-0000");
    expect(unknown.problem).toContain("there is no replay");
  });

  test("loses and repeats nothing when it is paused, stopped by Ctrl-C and resumed across files, with an XA transaction; stays cancelled", async () => {
    await using staging = await as("staging");
    await using administrator = await createConnection(stack.mysql);
    await administrator.query("CREATE TABLE shop.wide (id INT PRIMARY KEY, what MEDIUMTEXT)");
    const text = "y".repeat(300_000);
    const insert = (id: number) => staging.query("INSERT INTO shop.wide VALUES (?, ?)", [id, text]);
    // The XA transaction was prepared in the stretch's first file but before the stretch, so it is
    // not part of it.
    await staging.query("XA START 'early'");
    await insert(1000);
    await staging.query("XA END 'early'");
    await staging.query("XA PREPARE 'early'");
    await administrator.query("FLUSH BINARY LOGS");
    await staging.query("XA COMMIT 'early'");
    // The resolution of MySQL's clock may be coarser than the time between two statements.
    await administrator.query("DO SLEEP(0.01)");
    const at = await serverTime();
    for (let id = 1; id <= 9; id++) await insert(id);
    await staging.query("XA START 'held'");
    await insert(50);
    await staging.query("XA END 'held'");
    await staging.query("XA PREPARE 'held'");
    await administrator.query("FLUSH BINARY LOGS");
    for (let id = 10; id <= 40; id++) await insert(id);
    await staging.query("XA COMMIT 'held'");
    const wanted = [...Array.from({ length: 40 }, (_, place) => place + 1), 50];
    await untilPassed();
    const original: number[] = [];
    await vi.waitFor(async () => {
      original.push(...wideIds(await bodiesIn("staging", "search")));
      expect(original).toEqual([1000, ...wanted]);
    }, PATIENCE);

    // Starting another command takes seconds on a busy machine; slow sends keep the number sent in
    // the meantime small.
    let atFullSpeed = await slowSends(1000);
    const order = [...SEARCH, "--tables", "shop.wide", "--from", at];
    const first = running("replay", ...order);
    const id = await begun((changes) => changes > 0);
    await replay("pause", id);
    expect(await first.ended).toBe(0);
    expect(first.printed.out).toContain(`Replay ${id} is paused: it has sent`);

    await atFullSpeed();
    atFullSpeed = await slowSends(300);
    const [before] = (await replays()).filter((each) => each.id === id);
    const second = running("replay", "resume", id);
    // The replay must be past the file with the XA transaction's prepare.
    await begun((changes) => changes > Math.max(14, before?.changes ?? 0));
    second.child.kill("SIGINT");
    expect(await second.ended).toBe(0);
    expect(second.printed.out).toContain(`npm run replay -- resume ${id} continues it.`);
    const [paused] = (await replays()).filter((each) => each.id === id);
    expect(paused).toMatchObject({ state: "paused", unknown: 0 });
    expect(paused?.changes).toBeLessThan(wanted.length);

    await atFullSpeed();
    const third = await replay("resume", id, "--json");
    expect(third).toMatchObject({ code: 0 });
    expect(JSON.parse(third.out)).toMatchObject({ state: "complete", changes: 41, unknown: 0 });
    expect(wideIds(await bodiesIn("staging", "search"))).toEqual(wanted);

    await slowSends(1000);
    const cancelled = running("replay", ...order);
    const other = await begun((changes) => changes > 0);
    expect(other).not.toBe(id);
    expect((await replay("cancel", other)).out).toContain(`Replay ${other} is cancelled`);
    expect(await cancelled.ended).toBe(2);
    expect(cancelled.printed.problem).toContain("or it was cancelled");
    const sent = wideIds(await bodiesIn("staging", "search"));
    expect(sent).toEqual(wanted.slice(0, sent.length));
    expect(sent.length).toBeLessThan(wanted.length);
    expect((await replay("resume", other)).problem).toContain("cancelled already");
  });
});

/**
 * Delays each send to search's queue of staging by `ms`, until the test ends or the result is
 * called.
 */
async function slowSends(ms: number): Promise<() => Promise<void>> {
  const faults = new URL("/_faults", stack.aws.sqsEndpoint);
  const effect = { kind: "delay", ms };
  const rule = { action: "SendMessage*", resource: "shop-search-staging.fifo", effect };
  await fetch(faults, { method: "POST", body: JSON.stringify(rule) });
  // The stack may already have stopped.
  const remove = () => fetch(faults, { method: "DELETE" }).then(String, String);
  onTestFinished(async () => void (await remove()));
  return async () => void (await remove());
}

/** The ids of the rows of shop.wide in messages. */
function wideIds(bodies: readonly string[]): number[] {
  return changesIn(bodies)
    .filter(({ op, source }) => op === "c" && source.table === "wide")
    .map(({ after }) => Number(after?.["id"]));
}

/** The id of the latest replay, once its number of changes satisfies `isWanted`. */
async function begun(isWanted: (changes: number) => boolean): Promise<string> {
  using target = await localTarget(join(start.stateDirectory, "stack.json"));
  const items = new ReplayItems(target);
  return await vi.waitFor(
    async () => {
      const latest = (await items.all()).at(-1);
      expect(latest?.state).toBe("running");
      expect(isWanted(latest?.changes ?? 0)).toBe(true);
      return latest?.id ?? "";
    },
    { timeout: 60_000, interval: 5 },
  );
}

describe("on a deployed stack, by its name", () => {
  test("explain, tail and replay work with its outputs, its configuration and its secrets", async () => {
    const { aws, tables, payloadBucket, mysql, parts } = stack;
    await using staging = await as("staging");
    await staging.query("INSERT INTO shop.lines VALUES (70, 'of the stack')");
    await untilPassed();
    await using cloud = await describeStacks({
      OffsetsTable: tables.offsets,
      SessionsTable: tables.sessions,
      FailuresTable: tables.failures,
      PayloadBucket: payloadBucket,
      RawDeadLetterQueueUrl: `${aws.sqsEndpoint}/000000000000/shop-raw-dead.fifo`,
      SourceSecretArn: parts?.reader["SOURCE_SECRET_ARN"] ?? "",
      FilterSecretArn: parts?.route["FILTER_SECRET_ARN"] ?? "",
    });
    const config = join(directory, "deployed.json");
    const source = { ...CONFIG.source, host: "database.internal", port: 3306, tls: "off" };
    await writeFile(config, JSON.stringify({ ...CONFIG, source }));
    const at = `${mysql.host}:${mysql.port}`;
    const named = ["--stack", "shop-router", "--config", config, "--at", at];
    const environment = {
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: aws.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
      AWS_ENDPOINT_URL_SQS: aws.sqsEndpoint,
      AWS_ENDPOINT_URL_DYNAMODB: aws.dynamodbEndpoint,
      AWS_ENDPOINT_URL_S3: aws.s3Endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.secretsManagerEndpoint,
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloud.url,
      AWS_ENDPOINT_URL_STS: cloud.url,
    };
    const onStack = (...args: string[]) => binlogRouter([...args, ...named], environment);

    await vi.waitFor(async () => {
      const explained = await onStack("explain", "shop.lines", "70");
      expect(explained).toMatchObject({ code: 0, problem: "" });
      expect(explained.out).toContain("delivered to shop-search-staging.fifo");
    }, PATIENCE);
    const since = await serverTime();
    // The stack's secret is the key of the hash in the queue's message.
    await staging.query("INSERT INTO shop.orders VALUES (70, 'paid', 'ada@example.com')");
    await untilPassed();
    const hashes: unknown[] = [];
    await vi.waitFor(async () => {
      const changes = changesIn(await bodiesIn("staging", "search"));
      hashes.push(...changes.flatMap(({ after }) => after?.["email"] ?? []));
      expect(hashes).toHaveLength(1);
    }, PATIENCE);
    const shown = ["tail", ...SEARCH, "--table", "shop.orders", "--from", "1m", "--format", "json"];
    const program = operatorProgram();
    const tail = spawn(process.execPath, [program.main, ...shown, ...named], {
      env: { ...process.env, ...program.environment, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void tail.kill("SIGKILL"));
    let printed = "";
    tail.stdout.on("data", (data: Buffer) => (printed += data.toString()));
    await vi.waitUntil(() => printed.includes(`"email":"${String(hashes[0])}"`), PATIENCE);
    expect(printed).not.toContain("ada@example.com");
    tail.kill("SIGINT");
    expect(await once(tail, "close")).toEqual([0, null]);

    const order = [...SEARCH, "--tables", "shop.orders", "--from", since, "--json"];
    const replayed = await onStack("replay", ...order);
    expect(replayed.code).toBe(0);
    expect(JSON.parse(replayed.out)).toMatchObject({ state: "complete", startedBy: CALLER });
    const again = changesIn(await bodiesIn("staging", "search"));
    expect(again.at(-1)?.after).toMatchObject({ id: 70, email: hashes[0] });
    expect((await onStack("replay", "list")).out).toContain(CALLER);
    const nowhere = await onStack("explain", "shop.lines", "70", "--source", "other");
    expect(nowhere.code).toBe(2);
  });
});

test("against a stack that is being killed, the commands end with a sentence; tail and replay say how to go on", async () => {
  const { secretsManagerEndpoint } = stack.aws;
  const faults = new URL("/_faults", secretsManagerEndpoint);
  const rule = { action: "GetSecretValue", effect: { kind: "delay", ms: 600_000 } };
  await fetch(faults, { method: "POST", body: JSON.stringify(rule) });
  const explaining = running("explain", "shop.orders", "70");
  await vi.waitFor(async () => {
    const active = (await (await fetch(faults)).json()) as readonly { readonly strikes: number }[];
    expect(active.some(({ strikes }) => strikes > 0)).toBe(true);
  }, PATIENCE);
  await fetch(faults, { method: "DELETE" });
  await slowSends(500);
  const tail = running("tail", ...STAGING, "--from", "10m", "--format", "json");
  await vi.waitUntil(() => tail.lines().length > 0, PATIENCE);
  const wide = ["--tables", "shop.wide", "--from", "mysql-bin.000001:4"];
  const sending = running("replay", ...SEARCH, ...wide);
  const id = await begun((changes) => changes > 0);
  start.kill("SIGKILL");
  await start.ended;
  expect(await explaining.ended).toBe(2);
  expect(explaining.printed).toEqual({ out: "", problem: expect.stringMatching(/^[^\n]+\n$/) });
  expect(await tail.ended).toBe(2);
  expect(tail.printed.problem).toMatch(
    /no longer sends its binlog: .*--from \S+ continues from there\n$/,
  );
  expect(await sending.ended).toBe(2);
  expect(sending.printed.problem).toMatch(
    new RegExp(`the replay ${id} stopped: .*npm run replay -- resume ${id} continues it\n$`),
  );
});
