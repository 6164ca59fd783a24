import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RowDataPacket } from "mysql2";
import { createConnection } from "mysql2/promise";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../../../../infra/local/mysql/free-port.ts";
import type { MysqlServer } from "../../../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../../../infra/local/mysql/start-mysql-server.ts";
import { useMysql } from "../../../support/mysql.ts";
import { EnvironmentQueues } from "../../../support/start/environment-queues.ts";
import { running, startProcess, type StartProcess } from "../../../support/start/local-stack.ts";
import { mysqlPrompt } from "../../../support/start/mysql-client.ts";

const run = promisify(execFile);
const WAIT = join(import.meta.dirname, "../../../../infra/local/wait.ts");
const PATIENCE = { timeout: 60_000, interval: 20 };
const CONFIG = {
  name: "bookshop",
  source: { tables: ["books.*", "!books.secret"] },
  environments: {
    production: { users: ["app_prod"] },
    staging: { users: ["app_staging", "stg_*"] },
    test: { users: ["app_test"] },
  },
  subscribers: {
    billing: { tables: ["books.orders"] },
    search: { tables: ["books.*"] },
  },
};

/** Runs `npm start` with these options; the test's end stops it. */
function npmStart(...options: string[]): StartProcess {
  const started = startProcess(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** The path of a file with this configuration; the test's end deletes it. */
async function configFile(config: unknown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "npm-start-config-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "config.json");
  await writeFile(file, typeof config === "string" ? config : JSON.stringify(config));
  return file;
}

/** The URL of a server for `--mysql`. */
function urlOf({ host, port, user, password }: MysqlServer): string {
  return `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}`;
}

test("each environment's rows, written at the mysql prompt, are in its own queues in order, once, within a second", async () => {
  const file = await configFile(CONFIG);
  const start = npmStart("--no-demo", "--config", file);
  const stack = await start.ready();
  expect(Object.keys(stack.environments)).toEqual(["production", "staging", "test", "unrouted"]);
  expect(stack.environments["staging"]?.users.map(({ user }) => user)).toEqual(["app_staging"]);

  await using administrator = await createConnection(stack.mysql);
  await administrator.query(
    "CREATE TABLE books.orders (id INT PRIMARY KEY, title VARCHAR(40), price DECIMAL(10, 2))",
  );
  await administrator.query("CREATE TABLE books.secret (id INT PRIMARY KEY)");
  using queues = new EnvironmentQueues(stack);
  const environments = ["production", "staging", "test"];
  const prompts = await Promise.all(
    environments.map(async (name) => {
      const [account] = stack.environments[name]?.users ?? [];
      if (account === undefined) throw new Error(`no account for ${name}`);
      return mysqlPrompt(stack, account);
    }),
  );
  // The administrator's CREATE TABLE is delivered as well, at any time.
  const rows = () => queues.taken.filter(({ change }) => change.op !== "ddl");
  const delays: number[] = [];
  for (let round = 0; round < 10; round++) {
    const typedMs = Date.now();
    const before = rows().length;
    for (const [place, prompt] of prompts.entries()) {
      const id = 100 * place + round;
      prompt.type(`INSERT INTO books.secret VALUES (${id})`);
      prompt.type(`INSERT INTO books.orders VALUES (${id}, 'Größe 😀', 12.50)`);
    }
    await vi.waitUntil(() => rows().length === before + 6, PATIENCE);
    delays.push(
      Math.max(
        ...rows()
          .slice(before)
          .map(({ atMs }) => atMs),
      ) - typedMs,
    );
  }
  for (const prompt of prompts) await prompt[Symbol.asyncDispose]();

  for (const [place, environment] of environments.entries()) {
    for (const subscriber of ["billing", "search"]) {
      const changes = queues.of(environment, subscriber).map(({ change }) => change);
      const ids = Array.from({ length: 10 }, (_, round) => 100 * place + round);
      expect(changes.map(({ after }) => after?.["id"])).toEqual(ids);
      for (const change of changes) {
        expect(change.user).toBe(stack.environments[environment]?.users[0]?.user);
        expect(change.attribution).toMatch(/^(tag|first-sight|sweep)$/);
        expect(change.after).toMatchObject({ title: "Größe 😀", price: "12.50" });
      }
    }
  }
  const ddl = queues.of("unrouted", "search").map(({ change }) => change.op);
  expect(new Set(ddl)).toEqual(new Set(ddl.length === 0 ? [] : ["ddl"]));
  const median = delays.toSorted((a, b) => a - b)[5] ?? Infinity;
  console.info(`typed to received, ms: ${delays.join(" ")}`);
  expect(median).toBeLessThan(1_000);
});

describe("for an application's tests", () => {
  const SCHEMA = `
    CREATE TABLE orders (id INT PRIMARY KEY, title VARCHAR(40));
    DELIMITER //
    CREATE TRIGGER shout BEFORE INSERT ON orders FOR EACH ROW
    BEGIN
      SET NEW.title = UPPER(NEW.title);
    END//
    DELIMITER ;
    INSERT INTO orders VALUES (1, 'größe');
  `;

  test("the schema exists, the accounts have the given password, and wait returns when all is ready", async () => {
    const file = await configFile(CONFIG);
    const schema = await configFile(SCHEMA);
    // The second loopback address is reached only when a server listens on all addresses.
    const more = ["--password", "for-tests", "--host", "127.0.0.2"];
    const start = npmStart("--no-demo", "--config", file, "--schema", schema, ...more);
    const waiting = run(process.execPath, [WAIT, "--state", start.stateDirectory]);
    expect((await waiting).stdout).toMatch(
      /^ready: MySQL at 127\.0\.0\.2:\d+, SQS at http:\/\/127\.0\.0\.2/,
    );
    const stack = await start.ready();
    const { stdout } = await run("sh", [
      "-c",
      `. ${start.stateDirectory}/env; echo $MYSQL_TCP_PORT $MYSQL_USER_STAGING $MYSQL_PASSWORD_STAGING $BINLOG_ROUTER_SOURCE`,
    ]);
    expect(stdout).toBe(`${stack.mysql.port} app_staging for-tests bookshop\n`);

    const { host, port } = stack.mysql;
    const account = { host, port, user: "app_staging", password: "for-tests" };
    await using staging = await createConnection(account);
    using queues = new EnvironmentQueues(stack);
    await staging.query("INSERT INTO books.orders VALUES (2, 'own')");
    await vi.waitUntil(() => queues.of("staging", "billing").length > 0, PATIENCE);
    // Rows that the schema file inserts are not delivered.
    expect(queues.taken.map(({ change }) => change.after)).not.toContainEqual(
      expect.objectContaining({ id: 1 }),
    );
    const [rows] = await staging.query("SELECT title FROM books.orders ORDER BY id");
    expect(rows).toEqual([{ title: "GRÖßE" }, { title: "OWN" }]);
  });

  test("a schema that cannot be loaded is refused with the fault's line, and nothing is left", async () => {
    const file = await configFile(CONFIG);
    const schema = await configFile("CREATE TABLE orders (id INT);\nCREATE TABEL x;");
    const start = npmStart("--no-demo", "--config", file, "--schema", schema);
    const { code, errors } = await start.ended;
    expect(errors).toMatch(/--schema: .* cannot be loaded: ERROR 1064 .* at line 2/);
    expect(code).toBe(2);
    await expectRefusal(npmStart("--schema", "/nowhere/s.sql"), "/nowhere/s.sql cannot be read");
  });
});

test("the demonstration runs for --duration, prints its tally and exits with 0", async () => {
  const start = npmStart("--duration", "8");
  const stack = await start.ready();
  const { code, output, errors } = await start.ended;
  expect(errors).toBe("");
  expect(output).toMatch(/staging +│ search +│ +[1-9]\d* │ +[1-9]\d* │ +0 │ +0 │ +0 │/);
  expect(output).toContain("Every environment received its own changes");
  expect(code).toBe(0);
  expect(running(Object.values(stack.processes))).toEqual([]);
});

test("without the ledger, changes without a known author are parked and counted as parked, not as missing or foreign", async () => {
  const { code, output } = await npmStart("--no-ledger", "--no-tags", "--duration", "6").ended;
  const rows = output.matchAll(
    /billing +│ +(?<written>\d+) │ +(?<delivered>\d+) │ +0 │ +0 │ +0 │ +\d+ │ +(?<parked>\d+) │/g,
  );
  const counts = Array.from(rows, ({ groups }) => Object.values(groups ?? {}).map(Number));
  expect(counts).toHaveLength(3);
  for (const [written = 0, delivered = 0, parked] of counts) {
    expect(written).toBeGreaterThan(0);
    expect(parked).toBe(written - delivered);
  }
  expect(output).not.toContain("ledger");
  expect(code).toBe(0);
});

describe("stopping", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends everything within 10 s and removes stack.json",
    async (signal) => {
      const start = npmStart();
      const { processes } = await start.ready();
      expect(Object.keys(processes)).toEqual(
        expect.arrayContaining(["main", "mysql", "reader", "route", "retry"]),
      );
      const begin = performance.now();
      start.kill(signal);
      const { code } = await start.ended;
      expect(performance.now() - begin).toBeLessThan(10_000);
      expect(code).toBe(0);
      expect(existsSync(join(start.stateDirectory, "stack.json"))).toBe(false);
      await vi.waitUntil(() => running(Object.values(processes)).length === 0, PATIENCE);
    },
  );

  test("SIGKILL leaves no process behind, and a second start replaces the stale stack.json", async () => {
    const killed = npmStart("--no-demo");
    const { processes } = await killed.ready();
    const refused = startProcess(["--no-demo"], killed.stateDirectory);
    const refusal = await refused.ended;
    expect(refusal.code).toBe(2);
    expect(refusal.errors).toContain(`another npm start (process ${killed.pid}) runs`);

    killed.kill("SIGKILL");
    await vi.waitUntil(() => running(Object.values(processes)).length === 0, PATIENCE);
    expect(existsSync(join(killed.stateDirectory, "stack.json"))).toBe(true);
    const second = startProcess(["--no-demo"], killed.stateDirectory);
    onTestFinished(() => second[Symbol.asyncDispose]());
    expect((await second.ready()).processes["main"]).toBe(second.pid);
  });
});

test("a reader that was killed is replaced, and nothing is lost", async () => {
  const start = npmStart("--duration", "20");
  const { processes } = await start.ready();
  const { reader = 0 } = processes;
  process.kill(reader, "SIGKILL");
  await vi.waitUntil(async () => (await start.ready()).processes["reader"] !== reader, PATIENCE);
  const { code, output } = await start.ended;
  expect(output).toContain("the reader ended (SIGKILL)");
  expect(code).toBe(0);
});

describe("a given server", () => {
  const given = useMysql();

  test("is not changed with --no-demo, and is read with the given account", async () => {
    const administrator = await given.connect();
    const before = await objectsOf(administrator);
    const file = await configFile(CONFIG);
    const start = npmStart("--no-demo", "--config", file, "--mysql", urlOf(given.server));
    const stack = await start.ready();
    const { host, port, user, password } = given.server;
    expect(stack.mysql).toEqual({ host, port, user, password });
    expect(stack.environments["staging"]?.users).toEqual([]);
    expect(await objectsOf(administrator)).toEqual(before);
  });

  test("gets the demonstration's tables and accounts until npm start stops", async () => {
    const administrator = await given.connect();
    const before = await objectsOf(administrator);
    const start = npmStart("--mysql", urlOf(given.server), "--duration", "5");
    const { environments } = await start.ready();
    expect(environments["staging"]?.users.map(({ user }) => user)).toEqual(["app_staging"]);
    const { code, output, errors } = await start.ended;
    expect(errors).toBe("");
    expect(output).toContain("Changes that are written from now on are delivered");
    expect(code).toBe(0);
    expect(await objectsOf(administrator)).toEqual(before);
  });

  test("is refused when it has accounts and tables of the demonstration's names, and keeps them", async () => {
    const administrator = await given.connect();
    await administrator.query("CREATE USER app_staging IDENTIFIED BY 'x'");
    await administrator.query("CREATE DATABASE shop");
    await administrator.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    const before = await objectsOf(administrator);
    const { code, errors } = await npmStart("--mysql", urlOf(given.server)).ended;
    expect(errors).toContain("the table shop.orders, the account app_staging@%");
    expect(code).toBe(2);
    expect(await objectsOf(administrator)).toEqual(before);
    await administrator.query("DROP DATABASE shop");
    await administrator.query("DROP USER app_staging");
  });

  test("is refused with its binlog off", async () => {
    await using server = await startMysqlServer({ variables: { log_bin: null, gtid_mode: "OFF" } });
    await expectRefusal(npmStart("--mysql", urlOf(server)), "log_bin is OFF");
  });

  test.each([
    ["binlog_format", "STATEMENT", "ROW"],
    ["binlog_row_metadata", "MINIMAL", "FULL"],
  ])("is refused with its %s %s", async (name, value, usual) => {
    await given.query(`SET GLOBAL ${name} = ?`, [value]);
    await expectRefusal(npmStart("--mysql", urlOf(given.server)), `${name} is ${value}`);
    await given.query(`SET GLOBAL ${name} = ?`, [usual]);
  });

  test("is refused with a wrong password, which is not repeated", async () => {
    const { port } = given.server;
    const start = npmStart("--mysql", `mysql://root:wr0ng@127.0.0.1:${port}`);
    await expectRefusal(start, `refuses the user root: wrong password`);
    expect((await start.ended).errors).not.toContain("wr0ng");
  });
});

describe("bad input is refused with a sentence and exit code 2, before anything is started:", () => {
  test.each([
    ["an unknown option", ["--frobnicate"], "unknown option '--frobnicate'"],
    ["an unreadable file", ["--config", "/nowhere/c.json"], "/nowhere/c.json cannot be read"],
    ["no MySQL there", ["--mysql", "mysql://root@127.0.0.1:1"], "127.0.0.1:1 cannot be reached"],
  ])("%s", async (_, options, sentence) => {
    await expectRefusal(npmStart(...options), sentence);
  });

  test("a configuration, with all of its problems", async () => {
    const { billing } = CONFIG.subscribers;
    const file = await configFile({
      ...CONFIG,
      environments: { ...CONFIG.environments, other: { users: ["app_test"] } },
      subscribers: { billing: { ...billing, tabels: [] } },
    });
    const start = npmStart("--config", file);
    await expectRefusal(start, "environments.other.users[0]");
    expect((await start.ended).errors).toContain("subscribers.billing");
  });

  test("a file that is not JSON", async () => {
    const file = await configFile("{");
    await expectRefusal(npmStart("--config", file), "is not JSON");
  });

  test("a demonstration without accounts", async () => {
    const environments = { staging: { users: ["stg_*"] } };
    const file = await configFile({ ...CONFIG, environments });
    await expectRefusal(npmStart("--config", file), "add --no-demo");
  });

  test.each([0, 2])("a port in use, number %i of those it would take", async (place) => {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    await expectRefusal(npmStart("--port-base", String(port - place)), "is in use");
  });
});

async function expectRefusal(start: StartProcess, sentence: string): Promise<void> {
  const { code, output, errors } = await start.ended;
  expect(errors).toContain(sentence);
  expect(code).toBe(2);
  expect(output).toBe("");
  expect(existsSync(join(start.stateDirectory, "stack.json"))).toBe(false);
}

/** The accounts, databases and tables of a server. */
async function objectsOf(
  administrator: Awaited<ReturnType<typeof createConnection>>,
): Promise<unknown[]> {
  const lists = await Promise.all(
    [
      "SELECT user, host FROM mysql.user ORDER BY user, host",
      "SELECT schema_name AS name FROM information_schema.schemata ORDER BY schema_name",
      "SELECT table_schema AS db, table_name AS name FROM information_schema.tables WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2",
    ].map((statement) => administrator.query<RowDataPacket[]>(statement)),
  );
  return lists.map(([rows]) => rows);
}
