import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Connection } from "mysql2/promise";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { subscribe, type Subscription } from "../../../client/index.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { environmentQueueName, rawQueueName } from "../../../wire/names.ts";
import type { RoutingInput } from "../../../config/routing.ts";
import { binlogRouterOn, stackFileOf } from "../../support/operator.ts";
import { SOURCE } from "../../support/functions/frames.ts";
import { Pipeline } from "../../support/functions/pipeline.ts";
import { Stage } from "../../support/functions/stage.ts";
import { useMysql, type Account } from "../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../support/reader.ts";

// Real reader, functions and client: the configuration changes while frames wait in the raw queue
// and messages are parked.

const TABLES = ["a", "b", "c", "d"];
const ENVIRONMENTS = ["production", "staging"] as const;
type Environment = (typeof ENVIRONMENTS)[number];
const CHANGES = "the number of lanes changes";
const CANNOT = "the number of lanes cannot change yet";
const WAITS = "waiting until the former lanes are delivered";
const FAST = {
  retryEveryMs: 100,
  backoff: { baseMs: 50, longestMs: 100, attempts: 10_000 },
} as const;
const WITHIN = { timeout: 60_000, interval: 50 };

const mysql = useMysql();
const accounts = new Map<Environment, Account>();
let world: World;

beforeAll(async () => {
  const privileges = ["ALL ON shop.*"];
  accounts.set("production", await mysql.createAccount("app_prod", privileges));
  accounts.set("staging", await mysql.createAccount("app_staging", privileges));
  for (const { user } of accounts.values())
    await mysql.query(`GRANT SESSION_VARIABLES_ADMIN ON *.* TO ${user}`);
});
beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  for (const table of TABLES)
    await mysql.query(
      `CREATE TABLE shop.${table} (id INT, env VARCHAR(20), PRIMARY KEY (id, env))`,
    );
  world = await World.create();
});
afterEach(async () => world[Symbol.asyncDispose]());

/** A source with two environments, and for each an application that records what it handles. */
class World implements AsyncDisposable {
  readonly stage: Stage;
  readonly bench: ReaderBench;
  /**
   * `table:id` of each row that an environment's application has handled, with its message group.
   */
  readonly handled = new Map<Environment, { readonly group: string; readonly row: string }[]>();
  readonly #sqs: SQSClient;
  readonly #writers: Map<Environment, Connection>;
  readonly #applications: Subscription[] = [];
  #functions: Pipeline | null = null;
  #written = 0;

  private constructor(stage: Stage, bench: ReaderBench, writers: Map<Environment, Connection>) {
    this.stage = stage;
    this.bench = bench;
    this.#writers = writers;
    const { region, credentials, endpoints } = stage.aws;
    this.#sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
  }

  static async create(): Promise<World> {
    const stage = await Stage.start(ROUTING);
    await stage.createRawQueue({ visibilitySeconds: 30, maxReceives: 1000 });
    const bench = await ReaderBench.create(stage.aws, mysql.server, {
      SOURCE_NAME: SOURCE,
      RAW_QUEUE_URL: stage.rawQueueUrl,
      OFFSETS_TABLE: "offsets",
      SESSIONS_TABLE: "sessions",
      PAYLOAD_BUCKET: "payloads",
      // Small frames, so that what is written in between goes into separate frames.
      FRAME_KIB: "1",
    });
    // The connections stay open, so the process list has their users.
    const writers = new Map<Environment, Connection>();
    for (const [environment, account] of accounts) {
      writers.set(environment, await mysql.connect(account, { database: "shop" }));
    }
    const created = new World(stage, bench, writers);
    for (const environment of ENVIRONMENTS) await created.#subscribe(environment);
    return created;
  }

  async reconnect(environment: Environment): Promise<void> {
    const account = accounts.get(environment);
    this.#writers.set(environment, await mysql.connect(account, { database: "shop" }));
  }

  async #subscribe(environment: Environment): Promise<void> {
    const handled: { group: string; row: string }[] = [];
    this.handled.set(environment, handled);
    this.#applications.push(
      await subscribe(
        "billing",
        ({ op, source, after }, { group }) => {
          if (op === "c") handled.push({ group, row: `${source.table}:${String(after?.["id"])}` });
        },
        { sqs: this.#sqs, source: SOURCE, environment, waitTimeSeconds: 1 },
      ),
    );
  }

  /** Starts the functions. Until then frames wait in the raw queue. */
  startFunctions(): void {
    this.#functions = new Pipeline(this.stage, FAST);
  }

  async endFunctions(): Promise<void> {
    await this.#functions?.[Symbol.asyncDispose]();
    this.#functions = null;
  }

  /** Runs a statement as an environment's application. */
  async run(environment: Environment, statement: string): Promise<void> {
    await this.#writers.get(environment)?.query(statement);
  }

  /** Writes `rounds` rows to each table in each environment. */
  async write(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const id = ++this.#written;
      for (const environment of ENVIRONMENTS)
        for (const table of TABLES)
          await this.#writers
            .get(environment)
            ?.query(`INSERT INTO ${table} VALUES (?, ?)`, [id, environment]);
    }
  }

  /**
   * Writes the same rows as one compressed transaction per environment. All its rows have the same
   * offset in the binlog file.
   */
  async writeCompressed(rounds: number): Promise<void> {
    const ids = Array.from({ length: rounds }, () => ++this.#written);
    for (const environment of ENVIRONMENTS) {
      await this.run(environment, "SET SESSION binlog_transaction_compression = ON");
      await this.run(environment, "BEGIN");
      for (const id of ids)
        for (const table of TABLES)
          await this.run(environment, `INSERT INTO ${table} VALUES (${id}, '${environment}')`);
      await this.run(environment, "COMMIT");
    }
  }

  /** The number of messages in the raw queue. */
  async waiting(): Promise<number> {
    const { Attributes: { ApproximateNumberOfMessages: waiting = "0" } = {} } =
      await this.#sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: this.stage.rawQueueUrl,
          AttributeNames: ["ApproximateNumberOfMessages"],
        }),
      );
    return Number(waiting);
  }

  /** The number of rows that each environment has written to each table. */
  get written(): number {
    return this.#written;
  }

  /**
   * Takes the messages of the subscriber `search` until it has received the last written row of
   * each table and its queue is empty. Returns the bodies by message group, in order.
   */
  async searched(environment: Environment): Promise<ReadonlyMap<string, readonly string[]>> {
    const QueueUrl = this.stage.queueUrl(environmentQueueName(SOURCE, "search", environment));
    const bodies = new Map<string, string[]>();
    const receive = async (waitSeconds: number) => {
      const { Messages: messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ["MessageGroupId"],
        }),
      );
      for (const { Body: body = "", Attributes, ReceiptHandle } of messages) {
        const group = Attributes?.MessageGroupId ?? "";
        bodies.set(group, [...(bodies.get(group) ?? []), body]);
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return messages.length;
    };
    const isComplete = () =>
      TABLES.every((table) => idsIn(bodies.get(`shop.${table}`) ?? []).at(-1) === this.#written);
    for (let polls = 0; !isComplete(); polls++) {
      if (polls > 30) throw new Error(`rows are missing: ${JSON.stringify([...bodies])}`);
      await receive(1);
    }
    while ((await receive(0)) > 0);
    return bodies;
  }

  /** Waits until the reader has sent everything that was written. */
  async readAll(): Promise<void> {
    const [{ executed } = { executed: "" }] = await mysql.query<{ executed: string }>(
      "SELECT @@global.gtid_executed AS executed",
    );
    const store = new OffsetStore(this.stage.clients.dynamodb, "offsets");
    await vi.waitFor(async () => {
      expect((await store.load()).offset?.gtidSet).toBe(executed.replace(/\s/g, ""));
    }, WITHIN);
  }

  /**
   * Waits until an environment has handled every row that was written. Checks that no row is
   * missing, duplicated or out of order.
   */
  async expectAll(environment: Environment, tables: readonly string[] = TABLES): Promise<void> {
    const handledOf = () =>
      (this.handled.get(environment) ?? []).filter(({ row }) =>
        tables.includes(row.split(":")[0] ?? ""),
      );
    const expected = tables.flatMap((table) => this.#rowsOf(table)).sort();
    await vi.waitFor(
      () => expect(handledOf().length).toBeGreaterThanOrEqual(expected.length),
      WITHIN,
    );
    const handled = handledOf();
    expect(handled.map(({ row }) => row).sort()).toEqual(expected);
    for (const [group, rows] of Map.groupBy(handled, (one) => one.group)) {
      const ids = rows.map(({ row }) => Number(row.split(":")[1]));
      expect(ids, group).toEqual(ids.toSorted((a, b) => a - b));
    }
  }

  #rowsOf(table: string): string[] {
    return Array.from({ length: this.#written }, (_, index) => `${table}:${index + 1}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#applications.map((application) => application.stop()));
    await this.bench[Symbol.asyncDispose]();
    await this.endFunctions();
    this.#sqs.destroy();
    await this.stage[Symbol.asyncDispose]();
  }
}

const ROUTING = {
  environments: {
    production: { users: ["app_prod"] },
    staging: { users: ["app_staging"] },
  },
  subscribers: { billing: { tables: ["shop.*"] }, search: { tables: ["shop.*"] } },
} satisfies RoutingInput;

/** The ids of the created rows in messages of the subscriber `search`, in any format. */
function idsIn(bodies: readonly string[]): number[] {
  return bodies.flatMap((body) => {
    const message = JSON.parse(body) as Formatted;
    const changes = "changes" in message ? message.changes : [message];
    return changes.filter(({ op }) => op === "c").map(({ after }) => after.id);
  });
}

interface Created {
  readonly op: string;
  readonly after: { readonly id: number };
}
type Formatted = Created | { readonly changes: readonly Created[] };

test("changing the lanes with a backlog and parked messages delivers each row once and in order, without delaying production", async () => {
  const { stage, bench } = world;
  const first = await bench.start();
  await world.write(4);
  await world.readAll();
  await first.stop();

  // Nothing has been delivered yet. The new number of lanes takes effect behind the frames that
  // wait.
  const second = await bench.start(WAITS, { LANES: "4" });
  const denied = stage.breakQueue("staging", "AccessDenied");
  world.startFunctions();
  expect((await second.logged(CANNOT))["why"]).toMatch(/staging/);
  await world.write(3);
  await world.expectAll("production");
  expect(world.handled.get("staging")).toEqual([]);

  // The parked messages are delivered, and a frame has found the queue working.
  denied.remove();
  await world.write(2);
  await world.expectAll("staging");
  await world.write(1);
  await world.expectAll("staging");
  await second.stop();
  await world.write(2);
  await bench.start(CHANGES, { LANES: "4" });
  await world.write(2);
  for (const environment of ENVIRONMENTS) await world.expectAll(environment);
}, 240_000);

test("a kept prepared XA transaction is delivered once, in the lane that its table has at the commit", async () => {
  const { bench } = world;
  world.startFunctions();
  const first = await bench.start("following the binlog", { KEEP_XA_AFTER_SECONDS: "1" });
  for (const table of TABLES) {
    await world.run("production", `XA START '${table}'`);
    await world.run("production", `INSERT INTO ${table} VALUES (100, 'production')`);
    await world.run("production", `XA END '${table}'`);
    await world.run("production", `XA PREPARE '${table}'`);
    // After the reconnect, no connection owns the prepared transaction.
    await world.reconnect("production");
  }
  const store = new OffsetStore(world.stage.clients.dynamodb, "offsets");
  // The saved offset moves with the next write.
  await vi.waitFor(async () => {
    await world.write(1);
    expect((await store.load()).offset?.keptXa).toHaveLength(TABLES.length);
  }, WITHIN);
  for (const environment of ENVIRONMENTS) await world.expectAll(environment);
  await first.stop();
  await bench.start(CHANGES, { LANES: "4" });
  const handled = world.handled.get("production") ?? [];
  handled.length = 0;
  for (const table of TABLES) {
    await world.run("production", `XA COMMIT '${table}'`);
    await world.run("production", `INSERT INTO ${table} VALUES (101, 'production')`);
  }
  await vi.waitFor(() => expect(handled).toHaveLength(2 * TABLES.length), WITHIN);
  for (const table of TABLES) {
    expect(handled.filter(({ row }) => row.startsWith(`${table}:`)).map(({ row }) => row)).toEqual([
      `${table}:100`,
      `${table}:101`,
    ]);
  }
}, 240_000);

test("a kept prepared XA transaction is delivered although an operator went past another transaction, and back behind its prepare, before its commit", async () => {
  const { bench, stage } = world;
  world.startFunctions();
  const reader = await bench.start("following the binlog", { KEEP_XA_AFTER_SECONDS: "1" });
  await world.run("production", "XA START 'kept'");
  await world.run("production", "INSERT INTO a VALUES (100, 'production')");
  await world.run("production", "XA END 'kept'");
  await world.run("production", "XA PREPARE 'kept'");
  await world.reconnect("production");
  const store = new OffsetStore(stage.clients.dynamodb, "offsets");
  await vi.waitFor(async () => {
    await world.write(1);
    expect((await store.load()).offset?.keptXa).toHaveLength(1);
  }, WITHIN);
  for (const environment of ENVIRONMENTS) await world.expectAll(environment);
  await world.run("staging", "SET SESSION binlog_format = STATEMENT");
  await world.run("staging", "INSERT INTO b VALUES (100, 'staging')");
  const { error } = await reader.logged("stopped by an error");
  const { message } = error as { message: string };
  const [, gtid = ""] = /offsets -- set --past (\S+)`/.exec(message) ?? [];
  await reader.exit();
  const stack = stackFileOf(stage.aws);
  expect(await binlogRouterOn(stack, "offsets", "set", "--past", gtid, "--yes")).toMatchObject({
    code: 0,
    problem: "",
  });
  await mysql.query("FLUSH BINARY LOGS");
  const [at] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  const next = await bench.start();
  const handled = world.handled.get("production") ?? [];
  const isHandled = (wanted: string): boolean => handled.some(({ row }) => row === wanted);
  await world.run("production", "INSERT INTO a VALUES (101, 'production')");
  await vi.waitFor(() => expect(isHandled("a:101")).toBe(true), WITHIN);
  await next.stop();
  for (const [index, mode] of ["ON", "ON_PERMISSIVE"].entries()) {
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
    const set = await binlogRouterOn(stack, "offsets", "set", "--file", `${at?.File}:4`, "--yes");
    expect(set).toMatchObject({ code: 0, problem: "" });
    const back = await bench.start();
    const id = 102 + index;
    await world.run("production", `INSERT INTO a VALUES (${id}, 'production')`);
    await vi.waitFor(() => expect(isHandled(`a:${id}`)).toBe(true), WITHIN);
    await back.stop();
  }
  await bench.start();
  expect(isHandled("a:100")).toBe(false);
  await world.run("production", "XA COMMIT 'kept'");
  await vi.waitFor(() => expect(isHandled("a:100")).toBe(true), WITHIN);
  await mysql.query("SET GLOBAL gtid_mode = ON");
}, 240_000);

test("a restart with another number of lanes keeps the tables in their lanes until those are delivered", async () => {
  const { stage, bench } = world;
  const first = await bench.start("following the binlog", { LANES: "4" });
  await world.write(3);
  await world.readAll();
  await first.stop();
  const store = new OffsetStore(stage.clients.dynamodb, "offsets");
  expect(await store.startAnew(await store.load(), { kind: "now" })).toBe(true);

  const second = await bench.start("following the binlog", { LANES: "1" });
  await second.logged(CANNOT);
  await world.write(2);
  await second.stop();
  world.startFunctions();
  await bench.start(CHANGES, { LANES: "1" });
  await world.write(2);
  for (const environment of ENVIRONMENTS) await world.expectAll(environment);
}, 240_000);

test("changing groupBy with a backlog and parked messages delivers each row once, in its group's order", async () => {
  const { stage, bench } = world;
  await backlog("billing");

  // The waiting frames were made with the former settings. Parked messages keep their groups.
  stage.deploy({
    ...ROUTING,
    subscribers: { billing: { tables: ["shop.*"], groupBy: "key" } },
  });
  world.startFunctions();
  await bench.start();
  await world.write(2);
  for (const environment of ENVIRONMENTS) await world.expectAll(environment);
  const groups = new Set(world.handled.get("staging")?.map(({ group }) => group));
  expect(groups.has("shop.a")).toBe(true);
  expect(groups.size).toBeGreaterThan(TABLES.length);
}, 240_000);

test("changing format with a backlog and parked messages delivers each row once and in order, in either format", async () => {
  const { stage, bench } = world;
  await backlog("search");

  const { billing } = ROUTING.subscribers;
  stage.deploy({
    ...ROUTING,
    subscribers: { billing, search: { tables: ["shop.*"], format: "debezium" } },
  });
  world.startFunctions();
  await bench.start("following the binlog", { FRAME_COLUMNS: "true" });
  await world.write(2);
  for (const environment of ENVIRONMENTS) {
    await world.expectAll(environment);
    const groups = await world.searched(environment);
    const expected = Array.from({ length: world.written }, (_, index) => index + 1);
    for (const table of TABLES) {
      const bodies = groups.get(`shop.${table}`) ?? [];
      expect(idsIn(bodies), `${environment} ${table}`).toEqual(expected);
      // Once a message has the new format, all later ones have it.
      const formats = bodies.map((body) => ("changes" in JSON.parse(body) ? "envelope" : "new"));
      expect(formats.toSorted()).toEqual(formats);
      expect(new Set(formats).size).toBe(2);
    }
  }
}, 240_000);

test("narrowing and widening tables inside a compressed transaction delivers each row of the others once and in order", async () => {
  const { stage, bench } = world;
  const others = TABLES.filter((table) => table !== "b");
  const rowsOfB = () =>
    world.handled.get("production")?.filter(({ row }) => row.startsWith("b:")) ?? [];
  const denied = stage.breakQueue("staging", "AccessDenied");
  const first = await bench.start();
  const slow = stage.aws.faults.add({
    service: "sqs",
    action: "SendMessage*",
    resource: rawQueueName(SOURCE),
    effect: { kind: "delay", ms: 100 },
  });
  await world.writeCompressed(200);
  await vi.waitFor(async () => expect(await world.waiting()).toBeGreaterThan(2), WITHIN);
  await first.kill();
  slow.remove();

  const narrowed = await bench.start("following the binlog", {
    ...SHORT_LEASE,
    SOURCE_TABLES: '["shop.*", "!shop.b"]',
  });
  world.startFunctions();
  await world.write(1);
  await world.expectAll("production", others);
  // The first reader was killed midway: it had sent some rows of the other table but not all.
  expect(rowsOfB().length).toBeGreaterThan(0);
  expect(rowsOfB().length).toBeLessThan(200);
  await world.readAll();
  await narrowed.stop();

  const before = rowsOfB().length;
  await bench.start();
  await world.write(2);
  denied.remove();
  for (const environment of ENVIRONMENTS) await world.expectAll(environment, others);
  const since = rowsOfB().slice(before);
  expect(since.map(({ row }) => row)).toEqual([`b:${world.written - 1}`, `b:${world.written}`]);
}, 240_000);

/**
 * Writes rows of both environments. Two in each table are routed, and those for one subscriber in
 * staging are parked; three more wait in frames. Afterwards neither the reader nor the functions
 * run, and the queue works again.
 */
async function backlog(subscriber: string): Promise<void> {
  const { stage, bench } = world;
  const first = await bench.start();
  const denied = stage.breakQueue("staging", "AccessDenied", subscriber);
  await world.write(2);
  world.startFunctions();
  await world.expectAll("production");
  await vi.waitFor(async () => {
    const { troubled } = await stage.runtime.effects.lanes.read(0);
    expect([...troubled]).toEqual([`${SOURCE}-${subscriber}-staging.fifo`]);
  }, WITHIN);
  await world.endFunctions();
  await world.write(3);
  await world.readAll();
  await first.stop();
  denied.remove();
}
