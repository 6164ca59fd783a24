import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { expect, test, vi, type TestContext } from "vitest";
import { startMysqlServer } from "../../../../infra/local/mysql/start-mysql-server.ts";
import { installLedger } from "../../../../operator/ledger/install-ledger.ts";
import type { StackFile } from "../../../../operator/shared/stack-file.ts";
import { EnvironmentQueues } from "../../../support/start/environment-queues.ts";
import { running, startProcess, type StartProcess } from "../../../support/start/local-stack.ts";

const PATIENCE = { timeout: 60_000, interval: 20 };
const CONFIG = {
  name: "books",
  source: { tables: ["books.*", "shop.*"] },
  environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
  subscribers: {
    billing: { tables: ["books.orders"] },
    search: {
      tables: ["books.*"],
      columns: { mask: { "*.*.title": "hash", "books.*.titel": "null" } },
    },
    // The demonstration's applications consume from its queues.
    demonstration: { tables: ["shop.*"] },
  },
};

/**
 * Starts stacks with one state directory and one configuration; the test's end deletes both. It is
 * the context that knows which test that is: of tests that run together, vitest's own
 * `onTestFinished` takes the one that began last.
 */
async function keeper({ onTestFinished }: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), "npm-start-keep-"));
  const config = join(directory, "config.json");
  await writeFile(config, JSON.stringify(CONFIG));
  let latest: StartProcess | null = null;
  onTestFinished(async () => {
    latest?.kill("SIGKILL");
    await latest?.ended;
    await rm(directory, { recursive: true, force: true });
  });
  const state = join(directory, "state");
  return {
    directory,
    start: (...options: string[]): StartProcess => {
      latest = startProcess(["--config", config, ...options], state);
      return latest;
    },
  };
}

function as(stack: StackFile, environment: string) {
  const [account] = stack.environments[environment]?.users ?? [];
  const { host, port } = stack.mysql;
  return createConnection({ host, port, database: "books", ...account });
}

/** A stack file without the queues from which the demonstration's applications consume. */
function withoutDemonstration({ environments, ...others }: StackFile): StackFile {
  const left = Object.entries(environments).map(([name, { users, queues }]) => {
    const { demonstration: _, ...own } = queues;
    return [name, { users, queues: own }];
  });
  return { ...others, environments: Object.fromEntries(left) as StackFile["environments"] };
}

/** The ids of the orders that billing received in an environment. */
function idsOf(queues: EnvironmentQueues, environment: string): unknown[] {
  return queues.of(environment, "billing").map(({ change }) => change.after?.["id"]);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, place) => from + place);
}

test.concurrent("a given server: changes that were written while nothing ran arrive once each, after a stop and after a kill", async (context) => {
  const server = await startMysqlServer();
  context.onTestFinished(() => server[Symbol.asyncDispose]());
  const { host, port, user, password } = server;
  await using administrator = await createConnection({ host, port, user, password });
  await installLedger(administrator, "ledger-and-tags");
  await administrator.query("CREATE DATABASE books");
  await administrator.query("CREATE TABLE books.orders (id INT PRIMARY KEY, title VARCHAR(40))");
  await administrator.query("CREATE USER app_staging IDENTIFIED BY 'pw'");
  await administrator.query("GRANT ALL ON books.* TO app_staging");
  const write = async (from: number, to: number): Promise<void> => {
    await using staging = await createConnection({
      host,
      port,
      user: "app_staging",
      password: "pw",
    });
    for (const id of range(from, to))
      await staging.query("INSERT INTO books.orders VALUES (?, 'x')", [id]);
  };
  const { start } = await keeper(context);
  const options = [
    "--no-demo",
    "--keep",
    "--mysql",
    `mysql://root:${encodeURIComponent(password)}@${host}:${port}`,
  ];

  const first = start(...options);
  const before = await first.ready();
  await write(0, 10);
  first.kill("SIGTERM");
  expect(await first.ended).toMatchObject({
    code: 0,
    output: expect.stringContaining("for the next start with --keep: queues, tables and offset."),
  });
  await write(10, 20);

  const second = start(...options);
  const after = await second.ready();
  // An application that was given the first start's addresses can keep using them.
  expect(after.aws).toEqual(before.aws);
  expect(after.environments).toEqual(before.environments);
  await write(20, 40);
  second.kill("SIGKILL");
  await second.ended;
  await write(40, 50);

  const third = start(...options);
  {
    using queues = new EnvironmentQueues(await third.ready());
    await write(50, 60);
    await vi.waitUntil(() => idsOf(queues, "staging").length >= 60, PATIENCE);
    expect(idsOf(queues, "staging")).toEqual(range(0, 60));
  }
  third.kill("SIGTERM");
  expect((await third.ended).output).toContain("This run continues what is kept in");
});

test.concurrent("the own server: tables, accounts, queues, masks and the demonstration outlive a kill", async (context) => {
  const { directory, start } = await keeper(context);
  const schema = join(directory, "schema.sql");
  await writeFile(
    schema,
    "CREATE TABLE orders (id INT PRIMARY KEY, title VARCHAR(40)); INSERT INTO orders VALUES (0, 'y');",
  );
  const options = ["--keep", "--schema", schema];
  const first = start(...options);
  const before = await first.ready();
  {
    await using staging = await as(before, "staging");
    await using production = await as(before, "production");
    for (const id of range(1, 40)) {
      await staging.query("INSERT INTO orders VALUES (?, 'Ada')", [id]);
      await production.query("INSERT INTO orders VALUES (?, 'Ada')", [id + 1000]);
    }
  }
  first.kill("SIGKILL");
  await first.ended;

  // The second start begins at once, while processes of the first may still be ending.
  const second = start(...options, "--duration", "10");
  const after = await second.ready();
  expect(after.mysql).toEqual(before.mysql);
  expect(after.environments).toEqual(before.environments);
  {
    using queues = new EnvironmentQueues(withoutDemonstration(after));
    await using staging = await as(after, "staging");
    const [[count]] = await staging.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM orders");
    expect(count?.["n"]).toBe(79);
    await staging.query("INSERT INTO orders VALUES (40, 'Ada')");
    await vi.waitUntil(() => idsOf(queues, "staging").length >= 40, PATIENCE);
    await vi.waitUntil(() => idsOf(queues, "production").length >= 39, PATIENCE);
    await vi.waitUntil(() => queues.of("staging", "search").length >= 40, PATIENCE);
    expect(idsOf(queues, "staging")).toEqual(range(1, 41));
    expect(idsOf(queues, "production")).toEqual(range(1001, 1040));
    // Both runs hash with the same secret.
    const hashes = queues.of("staging", "search").map(({ change }) => change.after?.["title"]);
    expect(new Set(hashes).size).toBe(1);
  }
  // The demonstration reports that nothing was lost, duplicated or misrouted.
  const { code, errors, output } = await second.ended;
  expect(errors).toBe("");
  expect(code, output).toBe(0);
  expect(output).toContain("--schema was run by the first start and is not run again.");
  expect(output).toContain('no table has a column that "books.*.titel" of subscribers.search');
  await vi.waitUntil(() => running(Object.values(before.processes)).length === 0, PATIENCE);
});
