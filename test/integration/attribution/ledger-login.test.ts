import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { withRegistration } from "../../../operator/ledger/init-connect.ts";
import { type Account, useMysql } from "../../support/mysql.ts";

// Compares the time of a login with and without the ledger, in every state of the server that could
// delay it. The ledger may add a few milliseconds. Each line of the output is one such state.

const mysql = useMysql();
let app: Account;
let administrator: Connection;

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)");
  app = await mysql.createAccount("app", ["ALL ON shop.*"]);
  administrator = await mysql.connect();
  await installLedger(administrator);
});

const LOGINS = 7;
/**
 * Far longer than a small transaction takes on a busy machine, and shorter than MySQL's shortest
 * lock wait of one second.
 */
const ALLOWED_MS = 900;

interface Login {
  readonly ms: number;
  readonly thread: number;
}

/** Logs in and runs a query. The query fails if init_connect failed. */
async function login(account: Account): Promise<Login> {
  const startedMs = performance.now();
  const connection = await mysql.connect(account);
  await connection.query("SELECT 1");
  const ms = performance.now() - startedMs;
  const thread = connection.threadId;
  connection.destroy();
  return { ms, thread };
}

async function logins(
  account: Account,
): Promise<{ median: number; longest: number; threads: number[] }> {
  const all: Login[] = [];
  while (all.length < LOGINS) all.push(await login(account));
  const times = all.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    median: times[times.length >> 1] ?? 0,
    longest: times.at(-1) ?? 0,
    threads: all.map(({ thread }) => thread),
  };
}

/**
 * Measures logins without and with the ledger in a certain state of the server. Returns the logins
 * with the ledger.
 */
async function compared(
  state: string,
  account: Account = app,
): Promise<{ threads: number[]; longest: number }> {
  await administrator.query("SET GLOBAL init_connect = ''");
  const without = await logins(account);
  await administrator.query("SET GLOBAL init_connect = ?", [withRegistration("")]);
  const together = await logins(account);
  console.info(
    `login while ${state}: ${without.median.toFixed(1)} ms without the ledger, ${together.median.toFixed(1)} ms with it, ${together.longest.toFixed(1)} ms at most`,
  );
  return together;
}

async function registrations(threads: readonly number[]): Promise<number> {
  const [rows] = await administrator.query<RowDataPacket[]>(
    "SELECT 1 FROM binlog_router.sessions WHERE connection_id IN (?) AND user <> ''",
    [threads],
  );
  return rows.length;
}

describe("with any setting of the server an account can log in without delay", () => {
  test.each([
    ["all settings have their defaults", {}, LOGINS],
    [
      "autocommit is off and isolation serializable",
      { autocommit: "OFF", transaction_isolation: "SERIALIZABLE" },
      LOGINS,
    ],
    ["isolation is read committed", { transaction_isolation: "READ-COMMITTED" }, LOGINS],
    ["transactions are read-only by default", { transaction_read_only: "ON" }, LOGINS],
    ["COMMIT ends the connection", { completion_type: "RELEASE", autocommit: "OFF" }, LOGINS],
    ["updates must name a key", { sql_safe_updates: "ON" }, LOGINS],
    ["large joins are refused", { max_join_size: 1 }, LOGINS],
    ["the diagnostics area keeps no conditions", { max_error_count: 0 }, LOGINS],
    ["temporary tables are small", { tmp_table_size: 1024, max_heap_table_size: 16384 }, LOGINS],
    [
      "the SQL mode is strict and ANSI",
      { sql_mode: "TRADITIONAL,ANSI,NO_BACKSLASH_ESCAPES" },
      LOGINS,
    ],
    ["no statement can be prepared", { max_prepared_stmt_count: 0 }, LOGINS],
    ["row images are minimal", { binlog_row_image: "MINIMAL" }, LOGINS],
    ["the binlog format is MIXED", { binlog_format: "MIXED" }, LOGINS],
    [
      "STATEMENT is the binlog format, read committed the isolation",
      { binlog_format: "STATEMENT", transaction_isolation: "READ-COMMITTED" },
      0,
    ],
    ["transactions are compressed", { binlog_transaction_compression: "ON" }, LOGINS],
    ["all roles are activated", { activate_all_roles_on_login: "ON" }, LOGINS],
    ["grants may be revoked in part", { partial_revokes: "ON" }, LOGINS],
    ["the server is read-only", { read_only: "ON" }, 0],
    ["the server is read-only for all accounts", { super_read_only: "ON" }, 0],
  ])("%s", async (state, settings, expected) => {
    for (const [name, value] of Object.entries(settings)) {
      await administrator.query(`SET GLOBAL ${name} = ?`, [value]);
    }
    try {
      const { threads, longest } = await compared(state);
      expect(longest).toBeLessThan(ALLOWED_MS);
      expect(await registrations(threads)).toBe(expected);
    } finally {
      for (const name of Object.keys(settings).reverse()) {
        await administrator.query(`SET GLOBAL ${name} = DEFAULT`);
      }
      await administrator.query("SET GLOBAL read_only = OFF");
    }
  });
});

describe("with any lock an account can log in without delay", () => {
  // READ COMMITTED locks only the selected rows, whatever index the server uses.
  test.each([
    [
      "another connection has its slot locked",
      [
        "ROLLBACK",
        "SET SESSION transaction_isolation = 'READ-COMMITTED'",
        "BEGIN",
        "SELECT * FROM binlog_router.sessions WHERE slot < 400 FOR UPDATE",
      ],
      LOGINS,
    ],
    ["all slots are locked", ["SELECT * FROM binlog_router.sessions FOR UPDATE"], 0],
    ["all slots are locked for reading", ["SELECT * FROM binlog_router.sessions FOR SHARE"], 0],
    ["the table is locked", ["LOCK TABLES binlog_router.sessions WRITE"], 0],
    ["the table is locked for reading", ["LOCK TABLES binlog_router.sessions READ"], 0],
    ["the table is being exported", ["FLUSH TABLES binlog_router.sessions FOR EXPORT"], 0],
    ["everything is locked for reading", ["FLUSH TABLES WITH READ LOCK"], 0],
    ["the instance is locked for a backup", ["LOCK INSTANCE FOR BACKUP"], LOGINS],
    [
      "another connection reads the table in a transaction",
      ["SELECT * FROM binlog_router.sessions"],
      LOGINS,
    ],
    [
      "a prepared XA transaction holds a slot",
      [
        "ROLLBACK",
        "SET SESSION transaction_isolation = 'READ-COMMITTED'",
        "XA START 'x'",
        "UPDATE binlog_router.sessions SET host = '' WHERE slot < 400",
        "XA END 'x'",
        "XA PREPARE 'x'",
      ],
      LOGINS,
    ],
  ])("%s", async (state, statements, expected) => {
    const holder = await mysql.connect();
    await holder.query("BEGIN");
    for (const statement of statements) await holder.query(statement);
    const { threads, longest } = await compared(state);
    for (const statement of ["UNLOCK TABLES", "UNLOCK INSTANCE"]) {
      if (!statements.includes("XA PREPARE 'x'")) await holder.query(statement);
    }
    await holder.query(statements.includes("XA PREPARE 'x'") ? "XA ROLLBACK 'x'" : "ROLLBACK");
    expect(longest).toBeLessThan(ALLOWED_MS);
    expect(await registrations(threads)).toBe(expected);
  });

  test("a waiting ALTER TABLE does not delay a login", async () => {
    const reading = await mysql.connect();
    await reading.query("BEGIN");
    await reading.query("SELECT * FROM binlog_router.sessions");
    const altering = await mysql.connect();
    const altered = altering.query("ALTER TABLE binlog_router.sessions FORCE");
    await expect
      .poll(() =>
        mysql.query(
          `SELECT 1 FROM performance_schema.metadata_locks
             JOIN performance_schema.threads ON thread_id = owner_thread_id
             WHERE lock_status = 'PENDING' AND processlist_id = ?`,
          [altering.threadId],
        ),
      )
      .not.toEqual([]);
    const { longest } = await compared("a definition of the table waits for its turn");
    await reading.query("ROLLBACK");
    await altered;
    expect(longest).toBeLessThan(ALLOWED_MS);
  });
});

describe("with a fault of the ledger an account can log in without delay", () => {
  test.each([
    [
      "its table is missing",
      "RENAME TABLE binlog_router.sessions TO shop.sessions",
      "RENAME TABLE shop.sessions TO binlog_router.sessions",
    ],
    ["its table is empty", "TRUNCATE binlog_router.sessions", "DO 0"],
    [
      "its table lacks a column",
      "ALTER TABLE binlog_router.sessions RENAME COLUMN host TO home",
      "ALTER TABLE binlog_router.sessions RENAME COLUMN home TO host",
    ],
    [
      "the account that it runs as may do nothing",
      "REVOKE ALL PRIVILEGES, GRANT OPTION FROM binlog_router_ledger@localhost",
      "DO 0",
    ],
  ])("%s", async (state, breaking, mending) => {
    await administrator.query(breaking);
    const { threads, longest } = await compared(state);
    await administrator.query(mending);
    expect(await registrations(threads)).toBe(0);
    expect(longest).toBeLessThan(ALLOWED_MS);
    await installLedger(administrator);
    expect(await registrations([(await login(app)).thread])).toBe(1);
  });
});

describe("accounts", () => {
  test("that reached their limit of updates in an hour can log in and are registered", async () => {
    const account = await mysql.createAccount("changed_enough", ["ALL ON shop.*"]);
    await administrator.query("ALTER USER changed_enough WITH MAX_UPDATES_PER_HOUR 1");
    const connection = await mysql.connect(account);
    await connection.query("INSERT INTO shop.orders VALUES ()");
    await expect(connection.query("INSERT INTO shop.orders VALUES ()")).rejects.toMatchObject({
      code: "ER_USER_LIMIT_REACHED",
    });
    expect(await registrations([(await login(account)).thread])).toBe(1);
  });

  test("with a limit of queries spend three on each login, and cannot log in when none is left", async () => {
    const account = await mysql.createAccount("asked_enough", []);
    await administrator.query("ALTER USER asked_enough WITH MAX_QUERIES_PER_HOUR 8");
    await login(account);
    await login(account); // three for the ledger, one for the account
    await expect(login(account)).rejects.toMatchObject({ code: "ER_NEW_ABORTING_CONNECTION" });
    await administrator.query("SET GLOBAL init_connect = ''");
    await expect(login(account)).rejects.toMatchObject({ code: "ER_USER_LIMIT_REACHED" });
    await administrator.query("SET GLOBAL init_connect = ?", [withRegistration("")]);
  });

  test("with an expired password can set a new one, because MySQL does not run init_connect for them", async () => {
    await mysql.createAccount("expired", []);
    await administrator.query("ALTER USER expired PASSWORD EXPIRE");
    const { host, port, programs } = mysql.server;
    const client = spawn(
      programs.mysql ?? "mysql",
      [
        "-h",
        host,
        "-P",
        String(port),
        "-u",
        "expired",
        "--connect-expired-password",
        "-e",
        "SET PASSWORD = 'new'",
      ],
      {
        env: { ...process.env, MYSQL_PWD: "password of expired" },
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const [errors] = await Promise.all([text(client.stderr), once(client, "close")]);
    expect(errors).toBe("");
    expect(await registrations([(await login({ user: "expired", password: "new" })).thread])).toBe(
      1,
    );
  });

  test("that get CONNECTION_ADMIN by a role are not registered", async () => {
    const account = await mysql.createAccount("by_role", []);
    await administrator.query("CREATE ROLE operator");
    await administrator.query("GRANT CONNECTION_ADMIN ON *.* TO operator");
    await administrator.query("GRANT operator TO by_role");
    expect(await registrations([(await login(account)).thread])).toBe(1);
    await administrator.query("ALTER USER by_role DEFAULT ROLE operator");
    expect(await registrations([(await login(account)).thread])).toBe(0);
  });
});

/**
 * The milliseconds that a committing action takes while semi-synchronous replication has not timed
 * out.
 */
async function waits(act: () => Promise<unknown>): Promise<number> {
  await administrator.query("SET GLOBAL rpl_semi_sync_source_enabled = OFF");
  await administrator.query("SET GLOBAL rpl_semi_sync_source_enabled = ON");
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}

describe("when a commit waits for a replica", () => {
  const WAIT_MS = 1000;

  beforeAll(async () => {
    // The server's plugin folder, unless the server was unpacked elsewhere.
    const unpacked = join(dirname(mysql.server.programs.mysqld), "../usr/lib/mysql/plugin");
    await mysql.server.restart({ variables: existsSync(unpacked) ? { plugin_dir: unpacked } : {} });
    administrator = await mysql.connect();
    await administrator.query("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'");
    await administrator.query("SET GLOBAL rpl_semi_sync_source_timeout = ?", [WAIT_MS]);
  });
  afterAll(async () => administrator.query("SET GLOBAL rpl_semi_sync_source_enabled = OFF"));

  test("the first login waits as long as a commit, and later logins do not wait", async () => {
    const commit = await waits(() => administrator.query("INSERT INTO shop.orders VALUES ()"));
    await administrator.query("SET GLOBAL init_connect = ?", [withRegistration("")]);
    const first = await waits(() => login(app));
    const next = (await login(app)).ms;
    console.info(
      `no replica acknowledges: a commit takes ${commit.toFixed(0)} ms, the first login ${first.toFixed(0)} ms, the next ${next.toFixed(0)} ms`,
    );
    expect(first).toBeLessThan(WAIT_MS + ALLOWED_MS);
    expect(next).toBeLessThan(ALLOWED_MS);
  });
});
