import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { createConnection, type Connection } from "mysql2/promise";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ExplainedChange } from "../../../../operator/commands/explain/explained-change.ts";
import { localTarget } from "../../../../operator/shared/target.ts";
import { binlogRouter } from "../../../support/operator.ts";
import { EnvironmentQueues } from "../../../support/start/environment-queues.ts";
import { startProcess } from "../../../support/start/local-stack.ts";

const PATIENCE = { timeout: 240_000, interval: 100 };
const CONFIG = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: { staging: { users: ["app_staging"] } },
  subscribers: { billing: { tables: ["shop.*"] } },
};

test("authors from the process list are those that the reader recorded; changes of other authors are counted as unknown", async () => {
  const directory = await mkdtemp(join(tmpdir(), "authors-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const config = join(directory, "config.json");
  await writeFile(config, JSON.stringify(CONFIG));
  await using start = startProcess(["--no-demo", "--no-ledger", "--no-tags", "--config", config]);
  const stack = await start.ready();
  const local = ["--local", join(start.stateDirectory, "stack.json")];
  const [account] = stack.environments["staging"]?.users ?? [];
  const { host, port } = stack.mysql;
  await using administrator = await createConnection(stack.mysql);
  await administrator.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  using queues = new EnvironmentQueues(stack);

  const explained = async (id: number) => {
    const ended = await binlogRouter(["explain", "shop.orders", String(id), "--json", ...local]);
    const { changes, notes } = JSON.parse(ended.out) as {
      readonly changes: readonly ExplainedChange[];
      readonly notes: readonly string[];
    };
    return { change: changes.find(({ op }) => op === "c"), notes };
  };

  /** Closes a connection and waits until it has left the process list. */
  const closeFully = async (connection: Connection) => {
    const { threadId } = connection;
    await connection.end();
    await vi.waitFor(async () => {
      const isConnected = "SELECT id FROM information_schema.processlist WHERE id = ?";
      expect((await administrator.query(isConnected, [threadId]))[0]).toEqual([]);
    }, PATIENCE);
  };

  // The connection stays open until the reader has recorded it.
  const long = await createConnection({ host, port, ...account });
  using target = await localTarget(join(start.stateDirectory, "stack.json"));
  let rows = 0;
  await vi.waitFor(async () => {
    // Each insert lets the reader save its offset together with what it knows about open
    // connections.
    await long.query("INSERT INTO shop.orders VALUES (?)", [++rows]);
    // Other connections, such as the administrator's, are recorded too.
    const { Items = [] } = await target.dynamodb.send(
      new ScanCommand({ TableName: target.sessionsTable }),
    );
    expect(Items.flatMap(Object.keys)).toContain(`t${long.threadId}`);
  }, PATIENCE);
  await closeFully(long);
  const ids = Array.from({ length: rows }, (_, row) => row + 1);
  await vi.waitFor(() => {
    const billing = queues.of("staging", "billing");
    expect(billing.map(({ change }) => change.after?.["id"])).toEqual(ids);
  }, PATIENCE);
  expect((await explained(1)).change).toMatchObject({
    author: { user: "app_staging", attribution: expect.stringMatching(/first-sight|sweep/) },
    queues: [{ subscriber: "billing", kind: "delivered" }],
  });

  // The connection opens and closes while the reader is paused.
  const { reader = 0 } = stack.processes;
  process.kill(reader, "SIGSTOP");
  try {
    const brief = await createConnection({ host, port, ...account });
    await brief.query("INSERT INTO shop.orders VALUES (9000)");
    await closeFully(brief);
  } finally {
    process.kill(reader, "SIGCONT");
  }
  const unknown = await vi.waitFor(async () => {
    const found = await explained(9000);
    expect(found.change?.fate).toMatchObject({ kind: "parked", reason: "unattributed" });
    return found;
  }, PATIENCE);
  expect(unknown.change?.author).toBeNull();
  expect(unknown.notes.join("\n")).toMatch(/authors of \d+ of them are not known/);
  const stretch = ["--subscriber", "billing", "--environment", "staging", "--from"];
  const oldest = [...stretch, "mysql-bin.000001:4", "--dry-run", "--json"];
  const dry = await binlogRouter(["replay", ...oldest, ...local]);
  // The administrator's CREATE TABLE belongs to no environment. Row 9000 is left out, and counted.
  const counts = JSON.parse(dry.out) as { readonly changes: number; readonly unknown: number };
  expect(counts.changes).toBe(rows);
  expect(counts.unknown).toBeGreaterThanOrEqual(1);
}, 600_000);
