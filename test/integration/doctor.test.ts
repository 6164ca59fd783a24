import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createReaderAccount } from "../../infra/local/source/accounts.ts";
import type { Finding } from "../../reader/doctor/finding.ts";
import { useMysql } from "../support/mysql.ts";

const COMMAND = fileURLToPath(new URL("../../reader/doctor-command.ts", import.meta.url));

const mysql = useMysql();
let directory: string;
let config: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "binlog-router-doctor-"));
  config = join(directory, "config.json");
  await writeFile(
    config,
    JSON.stringify({
      environments: {
        production: { users: ["app_production"] },
        staging: { users: ["app_staging", "stg_*"] },
      },
    }),
  );
  await mysql.query("CREATE DATABASE shop");
  await mysql.createAccount("app_production", ["ALL ON shop.*"]);
  await createReaderAccount(await mysql.connect());
});
afterAll(async () => rm(directory, { recursive: true }));

async function doctor(...options: string[]): Promise<{ code: number | null; output: string }> {
  const { host, port, user, password } = mysql.server;
  return run(
    "--mysql",
    `mysql://${user}:${password}@${host}:${port}`,
    "--config",
    config,
    ...options,
  );
}

async function run(...argv: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [COMMAND, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  const [output, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: child.exitCode, output: output + errors };
}

async function faults(): Promise<string[]> {
  const { output } = await doctor("--json");
  return (JSON.parse(output) as Finding[])
    .filter(({ severity }) => severity !== "note")
    .map(({ check }) => check);
}

/** Runs a script as the mysql client does. */
async function runScript(script: string): Promise<void> {
  const { host, port, user, password, programs } = mysql.server;
  const client = spawn(
    programs.mysql ?? "mysql",
    ["-h", host, "-P", String(port), "-u", user, "--binary-mode"],
    { env: { ...process.env, MYSQL_PWD: password }, stdio: ["pipe", "ignore", "pipe"] },
  );
  client.stdin.end(script);
  const [errors] = await Promise.all([text(client.stderr), once(client, "close")]);
  expect(errors).toBe("");
  expect(client.exitCode).toBe(0);
}

describe("doctor", () => {
  test("--sql prints a script after which nothing is left to mend", async () => {
    expect(await faults()).toEqual(["ledger.missing"]);
    const { code, output } = await doctor("--sql");
    expect(code).toBe(1);
    expect(await faults()).toEqual(["ledger.missing"]); // printing changed nothing
    await runScript(output);
    const after = await doctor();
    expect(after.output).toContain("Nothing has to be mended.");
    expect(after.code).toBe(0);
  });

  test("names what would lose data, and the statement that mends it", async () => {
    await mysql.query("SET GLOBAL binlog_row_metadata = MINIMAL");
    await mysql.query("SET GLOBAL binlog_row_value_options = PARTIAL_JSON");
    const { code, output } = await doctor();
    expect(code).toBe(1);
    expect(output).toContain("DATA LOSS  binlog_row_metadata: binlog_row_metadata is MINIMAL.");
    expect(output).toContain("SET PERSIST binlog_row_metadata = 'FULL'");
    await runScript((await doctor("--sql")).output);
    expect(await faults()).toEqual([]);
  });

  test("finds accounts that the ledger would lock out, and the script lets them in", async () => {
    const account = await mysql.createAccount("stg_reports", ["SELECT ON `binlog%`.*"]);
    await expect(
      mysql.connect(account).then((connection) => connection.query("DO 1")),
    ).rejects.toMatchObject({ code: "ER_NEW_ABORTING_CONNECTION" });
    expect(await faults()).toEqual(["ledger.locked-out"]);
    await runScript((await doctor("--sql")).output);
    await mysql.connect(account).then((connection) => connection.query("DO 1"));
    expect(await faults()).toEqual([]);
  });

  test("finds accounts in no environment, and administrators among an environment's", async () => {
    await mysql.createAccount("forgotten", ["INSERT ON shop.*"]);
    await mysql.createAccount("app_staging", ["CONNECTION_ADMIN ON *.*"]);
    expect(await faults()).toEqual(["accounts.administrator", "accounts.no-environment"]);
    await mysql.query("DROP USER forgotten, app_staging");
  });

  test("finds accounts that changed the user of an open connection", async () => {
    const account = await mysql.createAccount("stg_pool", ["SELECT ON shop.*"]);
    const connection = await mysql.connect(account);
    await connection.changeUser({ user: account.user, password: account.password });
    expect(await faults()).toEqual(["connections.change-user"]);
    await mysql.query(
      "TRUNCATE performance_schema.events_statements_summary_by_account_by_event_name",
    );
    await mysql.query("DROP USER stg_reports, stg_pool");
  });

  test("finds a ledger that lost a part, and mends it", async () => {
    await mysql.query("DROP PROCEDURE binlog_router.register_session");
    expect(await faults()).toEqual(["ledger.incomplete"]);
    await runScript((await doctor("--sql")).output);
    expect(await faults()).toEqual([]);
  });

  test("says why it could not check, and exits with 2", async () => {
    const { port } = mysql.server;
    const wrong = await run(
      "--mysql",
      `mysql://nobody:secret-word@127.0.0.1:${port}`,
      "--config",
      config,
    );
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain("ER_ACCESS_DENIED_ERROR");
    expect(wrong.output).not.toContain("secret-word");
    const nothing = await run("--config", config);
    expect(nothing.code).toBe(2);
    expect(nothing.output).toContain("--mysql");
    expect((await run("--unknown")).code).toBe(2);
  });
});
