import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  MysqlNotFoundError,
  MysqlStartError,
  PortInUseError,
} from "../../../../../infra/local/mysql/errors.ts";
import { findMysql } from "../../../../../infra/local/mysql/find-mysql.ts";
import type { MysqlServer } from "../../../../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../../../../infra/local/mysql/start-mysql-server.ts";
import { useMysql } from "../../../../support/mysql.ts";

const run = promisify(execFile);

describe("a server for tests", () => {
  const mysql = useMysql();

  it("is set up for following its binlog", async () => {
    const [settings] = await mysql.query(`
      SELECT @@log_bin AS log_bin, @@binlog_format AS format, @@binlog_row_image AS image,
        @@binlog_row_metadata AS metadata, @@gtid_mode AS gtid_mode, @@port AS port, @@pid_file AS pid_file`);
    expect(settings).toMatchObject({
      log_bin: 1,
      format: "ROW",
      image: "FULL",
      metadata: "FULL",
      gtid_mode: "ON",
      port: mysql.server.port,
    });
    expect(await readFile(String(settings?.["pid_file"]), "utf8")).toBe(`${mysql.server.pid}\n`);
    expect(Number.parseInt(mysql.server.version, 10)).toBeGreaterThanOrEqual(8);
  });

  it("begins with an empty history", async () => {
    const [{ executed } = { executed: null }] = await mysql.query<{ executed: string }>(
      "SELECT @@gtid_executed AS executed",
    );
    expect(executed).toBe("");
  });

  it("lets an account of an environment in, with its privileges and no others", async () => {
    await mysql.query("CREATE DATABASE shop");
    const account = await mysql.createAccount("app_staging", ["ALL ON shop.*"]);
    const connection = await mysql.connect(account);
    await connection.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    const [[{ author } = { author: null }]] = (await connection.query(
      "SELECT SESSION_USER() AS author",
    )) as unknown as [{ author: string }[]];
    expect(author).toBe("app_staging@localhost");
    await expect(connection.query("CREATE DATABASE other")).rejects.toMatchObject({
      code: "ER_DBACCESS_DENIED_ERROR",
    });
  });

  it("answers the command line client", async () => {
    const { host, port, user, password, programs } = mysql.server;
    const { stdout } = await run(
      String(programs.mysql),
      ["--no-defaults", "-h", host, "-P", String(port), "-u", user, "-N", "-e", "SELECT '🐬'"],
      { env: { ...process.env, MYSQL_PWD: password, LANG: "C.UTF-8" } },
    );
    expect(stdout).toBe("🐬\n");
  });

  it.each([
    { way: "an orderly", hard: false },
    { way: "a hard", hard: true },
  ])("keeps its port, account and committed rows through $way restart", async ({ way, hard }) => {
    const table = `restarted.${way.replace(" ", "_")}`;
    await mysql.query("CREATE DATABASE IF NOT EXISTS restarted");
    await mysql.query(`CREATE TABLE ${table} (id INT PRIMARY KEY)`);
    await mysql.query(`INSERT INTO ${table} VALUES (1)`);
    const before = mysql.server.pid;

    await mysql.server.restart({ hard, variables: { server_id: 7 } });

    expect(mysql.server.pid).not.toBe(before);
    expect(await mysql.query(`SELECT id, @@server_id AS server_id FROM ${table}`)).toEqual([
      { id: 1, server_id: 7 },
    ]);
  });

  it("answers nothing while it is paused", async () => {
    const connection = await mysql.connect();
    mysql.server.pause();
    await expect.poll(() => stateOf(mysql.server.pid)).toBe("T");
    const answered = vi.fn<() => void>();
    const query = connection.query("SELECT 1").then(answered);
    expect(await stateOf(mysql.server.pid)).toBe("T");
    expect(answered).not.toHaveBeenCalled();
    mysql.server.resume();
    await query;
    expect(answered).toHaveBeenCalledOnce();
  });

  it("comes back after a crash, unless its port was taken meanwhile", async () => {
    await mysql.server.kill();
    expect(mysql.server.pid).toBeNull();
    const intruder = createServer().listen(mysql.server.port, "127.0.0.1");
    await once(intruder, "listening");
    await expect(mysql.server.start()).rejects.toThrow(PortInUseError);
    intruder.close();
    await once(intruder, "close");
    await mysql.server.start();
    expect(await mysql.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});

describe("starting a server", () => {
  it("fails when the given port is in use", async () => {
    const intruder = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void intruder.close());
    await once(intruder, "listening");
    const { port } = intruder.address() as AddressInfo;
    await expect(startMysqlServer({ port })).rejects.toThrow(new PortInUseError(port));
  });

  it("fails with the server's own words when a variable is unknown", async () => {
    const failed = startMysqlServer({ variables: { no_such_variable: 1 } });
    await expect(failed).rejects.toThrow(MysqlStartError);
    await expect(failed).rejects.toThrow("no_such_variable");
  });

  it("fails when the program that the user names is not a MySQL server", async () => {
    await expect(named("/nowhere/mysqld")).rejects.toThrow(MysqlNotFoundError);
    await expect(named("/bin/true")).rejects.toThrow("/bin/true is not a MySQL server");
  });

  it("goes on with the data in a given directory", async () => {
    const parent = await temporaryDirectory();
    const dataDir = join(parent, "data");
    const identity = async () => {
      await using server = await startMysqlServer({ dataDir });
      const [row] = await ask(server, "SELECT @@server_uuid AS uuid");
      return row?.["uuid"];
    };
    const first = await identity();
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(await identity()).toBe(first);
  });

  it("gives every server its own identity", async () => {
    await using one = await startMysqlServer();
    await using other = await startMysqlServer();
    const [first] = await ask(one, "SELECT @@server_uuid AS uuid");
    const [second] = await ask(other, "SELECT @@server_uuid AS uuid");
    expect(first).not.toEqual(second);
  });

  it("runs without a binlog on request", async () => {
    await using server = await startMysqlServer({ variables: { log_bin: null } });
    expect(await ask(server, "SELECT @@log_bin AS log_bin")).toEqual([{ log_bin: 0 }]);
  });
});

describe("the process that started a server", () => {
  it.each([
    { way: "is killed", signal: "SIGKILL" },
    { way: "ends without stopping it", signal: "SIGTERM" },
  ] as const)("takes the server and its directory along when it $way", async ({ signal }) => {
    const starter = spawn(process.execPath, ["--input-type=module", "--eval", STARTER], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = await Promise.race([once(starter.stdout, "data"), once(starter, "exit")]);
    const { pid, dataDir } = JSON.parse(String(line)) as { pid: number; dataDir: string };
    // The process is sleeping, running, or waiting for the disk.
    expect(await stateOf(pid)).toMatch(/^[SRD]$/);

    starter.kill(signal);

    const patience = { timeout: 60_000 };
    await expect.poll(() => stateOf(pid), patience).toBe("gone");
    await expect
      .poll(
        () =>
          access(dataDir).then(
            () => "there",
            () => "gone",
          ),
        patience,
      )
      .toBe("gone");
  });
});

const STARTER = `
  import { startMysqlServer } from ${JSON.stringify(
    new URL("../../../../../infra/local/mysql/start-mysql-server.ts", import.meta.url).href,
  )};
  const { pid, dataDir } = await startMysqlServer();
  console.log(JSON.stringify({ pid, dataDir }));
  process.stdin.resume().on("end", () => process.exit());
`;

async function named(path: string): Promise<unknown> {
  return findMysql({ environment: { BINLOG_ROUTER_MYSQLD: path } });
}

async function ask(server: MysqlServer, statement: string): Promise<RowDataPacket[]> {
  const { host, port, user, password } = server;
  await using connection = await createConnection({ host, port, user, password });
  const [rows] = await connection.query<RowDataPacket[]>(statement);
  return rows;
}

/** A process's state letter: S sleeping, T stopped. "gone" when it does not exist. */
async function stateOf(pid: number | null): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3);
  } catch {
    return "gone";
  }
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "binlog-router-test-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}
