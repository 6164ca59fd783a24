import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { compileCache } from "../../../../infra/local/process/compile-cache.ts";
import type { TailedChange } from "../../../../operator/commands/tail/tailed-change.ts";
import type { StackFile } from "../../../../operator/shared/stack-file.ts";
import { binlogRouter, packageJson } from "../../../support/operator.ts";
import { EnvironmentQueues } from "../../../support/start/environment-queues.ts";
import { startProcess, type StartProcess } from "../../../support/start/local-stack.ts";

const STAGING = ["--environment", "staging"];
const LAKE = ["--subscriber", "lake", "--format", "message"];
const PATIENCE = { timeout: 60_000, interval: 50 };

const CONFIG = {
  name: "shop",
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

/** Its queues hold messages in another format. */
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

/** A command that goes on, with what it has printed. */
function running(...args: string[]) {
  const child: ChildProcess = spawn(
    process.execPath,
    [packageJson.bin["binlog-router"], ...args, ...local()],
    { env: { ...process.env, ...compileCache() }, stdio: ["ignore", "pipe", "pipe"] },
  );
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
    // As its condition leaves it: an insert for the subscriber.
    expect(one.lines().map((line) => (JSON.parse(line) as TailedChange).op)).toEqual(["c", "d"]);
    expect(lake.lines().map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { op: "c" },
      { op: "u" },
      { op: "d" },
    ]);

    // The same changes came to the queues, all of them, in order.
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
