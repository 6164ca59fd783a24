import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compileCache } from "../../../../infra/local/process/compile-cache.ts";
import type { ReplayView } from "../../../../operator/commands/replay/describe.ts";
import type { StackFile } from "../../../../operator/shared/stack-file.ts";
import { localTarget } from "../../../../operator/shared/target.ts";
import { WrittenBytes } from "../../../support/functions/written-bytes.ts";
import { binlogRouter, packageJson } from "../../../support/operator.ts";
import { startProcess, type StartProcess } from "../../../support/start/local-stack.ts";

const PATIENCE = { timeout: 120_000, interval: 100 };

/**
 * Values that must not appear in any log, nor in any byte stored for a subscriber for which these
 * columns are hidden.
 */
const EMAIL = "ada.s3cret@hidden.example";
const PHONE = "+44-555-0101-2342";
const NOTE = "n0te 🦊 of Ada Lovelace";
const HIDDEN = [EMAIL, "555-0101", NOTE, JSON.stringify(NOTE).slice(1, -1)];
/** A value for a subscriber that gets these columns. The search must find it. */
const SHOWN = "grace@shown.example";

const COLUMNS = {
  exclude: ["*.*.note", "shop.people.NO?TE", 'shop.people.qu"o`te', "shop.contacts.numb?r"],
  mask: {
    "*.*.email": "hash",
    "*.*.phone": "last4",
    "shop.people.e-MAIL": "hash",
    "shop.contacts.address": "hash",
  },
} as const;
const CONFIG = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: {
    production: { users: ["app_production"] },
    staging: { users: ["app_staging"] },
  },
  subscribers: {
    mailing: { tables: ["shop.*"], columns: COLUMNS, where: "active = TRUE" },
    lake: { tables: ["shop.*"], columns: COLUMNS, format: "debezium" },
    open: { tables: ["shop.*"], environments: ["production"] },
  },
};
const MASKED = ["mailing", "lake"];

let start: StartProcess;
let stack: StackFile;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "masked-"));
  const config = join(directory, "config.json");
  await writeFile(config, JSON.stringify(CONFIG));
  // With --keep, every message of every queue is stored in a file.
  start = startProcess(["--no-demo", "--keep", "--config", config]);
  stack = await start.ready();
});
afterAll(async () => {
  await start[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const printed = new WrittenBytes();

/** Runs a command that must succeed, and searches its output. */
async function run(line: string, ...more: string[]): Promise<string> {
  const local = ["--local", join(start.stateDirectory, "stack.json")];
  const ended = await binlogRouter([...line.split(" "), ...more, ...local]);
  expect(ended, line).toMatchObject({ code: 0 });
  printed.add(ended.out);
  printed.add(ended.problem);
  return ended.out;
}

/** Runs `tail` until its output matches `wanted`, then stops it. */
async function tail(line: string, wanted: RegExp): Promise<void> {
  const local = ["--local", join(start.stateDirectory, "stack.json")];
  const child = spawn(
    process.execPath,
    [packageJson.bin["binlog-router"], "tail", ...line.split(" "), ...local],
    { env: { ...process.env, ...compileCache() }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (out += data.toString()));
  await vi.waitUntil(() => wanted.test(out), PATIENCE);
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([0, null]);
  printed.add(out);
}

function as(environment: string) {
  const [account] = stack.environments[environment]?.users ?? [];
  const { host, port } = stack.mysql;
  return createConnection({ host, port, database: "shop", charset: "utf8mb4", ...account });
}

/** Makes sends to the masked subscribers' queues in staging fail until disposed of. */
async function brokenQueues(): Promise<AsyncDisposable & { readonly rules: number }> {
  const faults = new URL("/_faults", stack.aws.sqsEndpoint);
  for (const subscriber of MASKED) {
    const effect = { kind: "error", code: "AccessDenied", status: 403 };
    const rule = {
      action: "SendMessage*",
      resource: `shop-${subscriber}-staging.fifo`,
      effect,
    };
    const { status } = await fetch(faults, { method: "POST", body: JSON.stringify(rule) });
    expect(status).toBe(201);
  }
  const { length: rules } = (await (await fetch(faults)).json()) as readonly unknown[];
  return {
    rules,
    [Symbol.asyncDispose]: async () => void (await fetch(faults, { method: "DELETE" })),
  };
}

/** Everything that the stack has stored for the subscribers, except what serves all of them. */
async function stored(): Promise<{ readonly masked: WrittenBytes; readonly open: WrittenBytes }> {
  const masked = new WrittenBytes();
  const open = new WrittenBytes();
  const aws = join(start.stateDirectory, "kept", "aws");
  const lines = (await readFile(join(aws, "messages.jsonl"), "utf8")).split("\n").filter(Boolean);
  for (const line of lines) {
    const [, queue] = JSON.parse(line) as readonly [string, string];
    if (MASKED.some((subscriber) => queue.startsWith(`shop-${subscriber}-`))) masked.add(line);
    else if (queue.startsWith("shop-open-")) open.add(line);
  }
  for (const name of await readdir(join(aws, "objects"))) {
    const bytes = await readFile(join(aws, "objects", name));
    const end = bytes.indexOf("\n");
    const { key } = JSON.parse(bytes.subarray(0, end).toString()) as { readonly key: string };
    if (!key.startsWith("frames/")) masked.take(bytes.subarray(end + 1));
  }
  using target = await localTarget(join(start.stateDirectory, "stack.json"));
  const pages = paginateScan({ client: target.dynamodb }, { TableName: target.failuresTable });
  for await (const { Items: items = [] } of pages)
    for (const item of items) if (item["stream"]?.S?.startsWith("queue/")) masked.take(item);
  for (const name of await readdir(join(start.stateDirectory, "log")))
    masked.add(await readFile(join(start.stateDirectory, "log", name)));
  return { masked, open };
}

/**
 * Writes the values to columns whose names have dots, quotes and capital letters, to the copies
 * that schema-change tools make, and to a column that is then renamed, for which the subscribers
 * wait.
 */
async function otherNames(administrator: Connection, staging: Connection): Promise<void> {
  const definition =
    'id INT PRIMARY KEY, `E-Mail` VARCHAR(60), `no.te` VARCHAR(60), `Qu"o``te` VARCHAR(60), active BOOL';
  for (const table of ["people", "_people_gho", "__people_new"])
    await administrator.query(`CREATE TABLE shop.${table} (${definition}) CHARSET utf8mb4`);
  const insert = (id: number) =>
    staging.query("INSERT INTO people VALUES (?, ?, ?, ?, TRUE)", [id, EMAIL, NOTE, NOTE]);
  await insert(1);
  for (const copy of ["_people_gho", "__people_new"])
    await staging.query(`INSERT INTO ${copy} SELECT * FROM people`);
  await vi.waitFor(async () => {
    expect(await run("explain shop.__people_new 1")).toContain("masked: E-Mail");
  }, PATIENCE);
  await administrator.query("ALTER TABLE shop.people RENAME COLUMN `E-Mail` TO contact");
  await insert(2);
  await vi.waitFor(async () => {
    const explained = await run("explain shop.people 2");
    for (const subscriber of MASKED)
      expect(explained).toMatch(new RegExp(`${subscriber} +parked since`));
  }, PATIENCE);
}

/** Writes the values to a table that is renamed, with one of its columns, and takes a snapshot. */
async function renamedTable(administrator: Connection, staging: Connection): Promise<void> {
  await administrator.query(
    "CREATE TABLE shop.contacts (id INT PRIMARY KEY, address VARCHAR(60), number VARCHAR(30), active BOOL) CHARSET utf8mb4",
  );
  const insert = (table: string, id: number) =>
    staging.query(`INSERT INTO ${table} VALUES (?, ?, ?, TRUE)`, [id, EMAIL, PHONE]);
  await insert("contacts", 1);
  await administrator.query("RENAME TABLE shop.contacts TO shop.partners");
  await administrator.query(
    "ALTER TABLE shop.partners RENAME COLUMN number TO line, RENAME TO shop.allies",
  );
  await insert("allies", 2);
  await vi.waitFor(async () => {
    const explained = await run("explain shop.allies 2");
    for (const subscriber of MASKED)
      expect(explained).toMatch(new RegExp(`${subscriber} .*\\(without line; masked: address\\)`));
  }, PATIENCE);
  const ordered = await run(
    "snapshot start --subscriber lake --environment staging --tables shop.allies --json",
  );
  const { id } = JSON.parse(ordered) as { readonly id: string };
  await vi.waitFor(async () => {
    const view = JSON.parse(await run(`snapshot show ${id} --json`)) as { readonly state: string };
    expect(view.state).toBe("complete");
  }, PATIENCE);
}

test("masked values are in no queue, payload, record, log or command's output of a run with failures, parking, large rows, a snapshot and a replay", async () => {
  await using administrator = await createConnection(stack.mysql);
  await administrator.query(
    "CREATE TABLE shop.customers (id INT PRIMARY KEY, email VARCHAR(60), phone VARCHAR(30), note VARCHAR(60), active BOOL, pad MEDIUMTEXT) CHARSET utf8mb4",
  );
  await using staging = await as("staging");
  await using production = await as("production");
  const insert = (id: number, pad: string) =>
    staging.query("INSERT INTO customers VALUES (?, ?, ?, ?, TRUE, ?)", [
      id,
      EMAIL,
      PHONE,
      NOTE,
      pad,
    ]);
  await insert(4, "");
  await staging.query("UPDATE customers SET active = FALSE WHERE id = 4");
  await staging.query("UPDATE customers SET active = TRUE, phone = NULL WHERE id = 4");
  await vi.waitFor(async () => {
    const explained = await run("explain shop.customers 4");
    expect(explained).toContain("(as delete; without note; masked: email, phone)");
    expect(explained).toContain("(as insert; without note; masked: email)");
  }, PATIENCE);
  {
    await using broken = await brokenQueues();
    expect(broken.rules).toBe(MASKED.length);
    await insert(1, "");
    await insert(2, "x".repeat(1_300_000));
    await staging.query("UPDATE customers SET active = FALSE WHERE id = 1");
    const streams = await vi.waitFor(async () => {
      const list = await run("failures list");
      const found = new Set(list.match(/queue\/\d+\/shop-(mailing|lake)-staging\.fifo/g));
      expect(found.size).toBe(MASKED.length);
      return found;
    }, PATIENCE);
    const parked = await run("explain shop.customers 2");
    expect(parked).toMatch(/mailing +parked since/);
    for (const stream of streams) await run(`failures show ${stream}`);
    const file = join(directory, "export.jsonl");
    await run(`failures export --output ${file}`);
    printed.add(await readFile(file));
    // Parked messages are stored at this point, and searched too.
    const { masked } = await stored();
    expect(masked.holding("shop-mailing-staging")).toBeGreaterThan(0);
    for (const hidden of HIDDEN) expect(masked.holding(hidden), hidden).toBe(0);
  }
  await run("failures retry --all");
  await production.query("INSERT INTO customers VALUES (9, ?, '', '', TRUE, '')", [SHOWN]);
  await insert(3, "");
  await staging.query("UPDATE customers SET active = TRUE, phone = NULL WHERE id = 1");
  await staging.query("DELETE FROM customers WHERE id = 3");

  const ordered = await run(
    "snapshot start --subscriber mailing --environment staging --tables shop.customers --json",
  );
  const { id } = JSON.parse(ordered) as { readonly id: string };
  await vi.waitFor(async () => {
    const view = JSON.parse(await run(`snapshot show ${id} --json`)) as { readonly state: string };
    expect(view.state).toBe("complete");
  }, PATIENCE);
  for (const subscriber of MASKED) {
    const chosen = `--subscriber ${subscriber} --environment staging --from mysql-bin.000001:4`;
    await run(`replay ${chosen} --dry-run`);
    const replayed = JSON.parse(await run(`replay ${chosen} --json`)) as ReplayView;
    expect(replayed.changes).toBeGreaterThan(4);
    for (const format of ["text", "json", "message"])
      await tail(`${chosen} --format ${format}`, /[0-9a-f]{64}/);
  }
  await run("explain shop.customers --json");

  await renamedTable(administrator, staging);
  await otherNames(administrator, staging);
  await tail("--subscriber mailing --environment staging --from mysql-bin.000001:4", /people/);
  expect(await run("failures list")).toContain("fault");
  const replay = "replay --subscriber lake --environment staging --from mysql-bin.000001:4";
  const refused = await binlogRouter([
    ...replay.split(" "),
    "--dry-run",
    "--local",
    join(start.stateDirectory, "stack.json"),
  ]);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.problem).toContain("HiddenColumnMissingError: shop.people has no column e-MAIL");
  printed.add(refused.out + refused.problem);

  const { masked, open } = await stored();
  expect(masked.bytes).toBeGreaterThan(2_000_000);
  expect(printed.bytes).toBeGreaterThan(10_000);
  for (const hidden of HIDDEN) {
    expect(masked.holding(hidden), `stored: ${hidden}`).toBe(0);
    expect(printed.holding(hidden), `printed: ${hidden}`).toBe(0);
  }
  // The same search finds values that are not hidden.
  expect(masked.holding("****2342")).toBeGreaterThan(0);
  expect(open.holding(SHOWN)).toBeGreaterThan(0);
  expect(masked.holding(SHOWN)).toBe(0);
}, 600_000);
