import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  installLedger,
  LedgerInUseError,
  uninstallLedger,
} from "../../../operator/ledger/install-ledger.ts";
import { SLOTS } from "../../../operator/ledger/objects.ts";
import { LoginNotProvenError, proveLogin } from "../../../operator/ledger/prove-login.ts";
import { type Account, useMysql } from "../../support/mysql.ts";

const mysql = useMysql();
let app: Account;

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)");
  app = await mysql.createAccount("app", ["ALL ON shop.*"]);
});
afterAll(async () => uninstallLedger(await mysql.connect()));
beforeEach(async () => installLedger(await mysql.connect()));

/** Connects, and returns the ledger's row for the connection. */
async function registered(account: Account): Promise<{ user: string; host: string } | undefined> {
  const connection = await mysql.connect(account);
  const [[own]] = await connection.query<RowDataPacket[]>("SELECT CONNECTION_ID() AS id");
  const [row] = await mysql.query<{ user: string; host: string }>(
    "SELECT user, host FROM binlog_router.sessions WHERE connection_id = ?",
    [own?.["id"]],
  );
  return row;
}

async function initConnect(): Promise<string> {
  const [row] = await mysql.query<{ value: string }>("SELECT @@GLOBAL.init_connect AS value");
  return row?.value ?? "";
}

/** Sets a global variable while a function runs. */
async function withGlobal(
  name: string,
  value: string | number,
  act: () => Promise<void>,
): Promise<void> {
  const [row] = await mysql.query<{ value: string | number }>(`SELECT @@GLOBAL.${name} AS value`);
  await mysql.query(`SET GLOBAL ${name} = ?`, [value]);
  try {
    await act();
  } finally {
    await mysql.query(`SET GLOBAL ${name} = ?`, [row?.value]);
  }
}

describe("the session ledger registers", () => {
  test("existing accounts, and accounts that are created later without a grant", async () => {
    expect(await registered(app)).toEqual({ user: "app", host: "localhost" });
    const later = await mysql.createAccount("later", ["SELECT ON shop.*"]);
    expect(await registered(later)).toMatchObject({ user: "later" });
    const odd = await mysql.createAccount("odd@name'", []);
    expect(await registered(odd)).toMatchObject({ user: "odd@name'" });
  });

  test("an account whose roles are active, and leaves it the same roles", async () => {
    await mysql.query("CREATE ROLE writer, auditor");
    const account = await mysql.createAccount("with_roles", []);
    await mysql.query("GRANT writer, auditor TO with_roles");
    await mysql.query("ALTER USER with_roles DEFAULT ROLE writer");
    const roles = async (): Promise<unknown> => {
      const [rows] = await (
        await mysql.connect(account)
      ).query<RowDataPacket[]>("SELECT CURRENT_ROLE() AS roles");
      return rows[0]?.["roles"];
    };
    expect(await registered(account)).toMatchObject({ user: "with_roles" });
    expect(await roles()).toBe("`writer`@`%`");
    await withGlobal("activate_all_roles_on_login", "ON", async () => {
      expect(await registered(account)).toMatchObject({ user: "with_roles" });
      expect(await roles()).toBe("`auditor`@`%`,`writer`@`%`");
    });
  });

  test.each([
    ["autocommit", "OFF"],
    ["completion_type", "RELEASE"],
    ["transaction_read_only", "ON"],
    ["binlog_row_image", "MINIMAL"],
    ["sql_mode", "TRADITIONAL,ANSI"],
  ])("accounts when %s is %s, and the connection works", async (variable, value) => {
    await withGlobal(variable, value, async () => {
      expect(await registered(app)).toMatchObject({ user: "app" });
      const connection = await mysql.connect(app);
      await connection.query("SET SESSION transaction_read_only = OFF");
      await connection.query("INSERT INTO shop.orders VALUES ()");
      await connection.query("ROLLBACK AND NO CHAIN NO RELEASE");
    });
  });
});

describe("accounts and objects that the ledger needs", () => {
  test("an account whose own grant leaves out EXECUTE gets it when the ledger is installed", async () => {
    const account = await mysql.createAccount("narrow", ["SELECT ON `binlog%`.*"]);
    await expect(registered(account)).rejects.toThrow();
    await installLedger(await mysql.connect());
    expect(await registered(account)).toMatchObject({ user: "narrow" });
    await mysql.query("DROP USER narrow");
  });

  test.each([
    ["register_session", "DROP PROCEDURE binlog_router.register_session"],
    ["resume_roles", "DROP PROCEDURE binlog_router.resume_roles"],
    ["the account that it runs as", "DROP USER binlog_router_ledger@localhost"],
    ["the account ''@'%'", "DROP USER ''@'%'"],
  ])(
    "without %s only accounts with CONNECTION_ADMIN can log in, and installing corrects that",
    async (_, breaking) => {
      const administrator = await mysql.createAccount("administrator", ["CONNECTION_ADMIN ON *.*"]);
      await mysql.query(breaking);
      await expect(registered(app)).rejects.toThrow();
      await (await mysql.connect(administrator)).query("DO 1");
      await installLedger(await mysql.connect());
      expect(await registered(app)).toMatchObject({ user: "app" });
      await mysql.query("DROP USER administrator");
    },
  );
});

/** Accounts that an interrupted check of the ledger left behind. */
async function probes(): Promise<unknown> {
  return mysql.query("SELECT user FROM mysql.user WHERE user LIKE 'binlog\\_router\\_probe%'");
}

describe("a login is proven before init_connect is set", () => {
  test.each([
    [
      "the grant to ''@'%'",
      "REVOKE EXECUTE ON binlog_router.* FROM ''@'%'",
      "ER_PROCACCESS_DENIED_ERROR",
    ],
    ["a procedure", "DROP PROCEDURE binlog_router.resume_roles", "ER_SP_DOES_NOT_EXIST"],
    ["the account that it runs as", "DROP USER binlog_router_ledger@localhost", "ER_NO_SUCH_USER"],
  ])("without %s the proof fails and leaves no account", async (_, breaking, code) => {
    await mysql.query("SET GLOBAL init_connect = ''");
    await mysql.query(breaking);
    const failed: unknown = await proveLogin(await mysql.connect()).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(LoginNotProvenError);
    expect(failed).toMatchObject({ cause: { code } });
    expect(await probes()).toEqual([]);
  });

  test("when an ordinary account cannot log in, installing sets nothing and reports it", async () => {
    await uninstallLedger(await mysql.connect());
    await mysql.query("SET GLOBAL init_connect = 'CALL mysql.of_somebody_else()'");
    await expect(installLedger(await mysql.connect())).rejects.toThrow(
      /^An ordinary account, made for this check, could not log in and run the new init_connect: /,
    );
    expect(await initConnect()).toBe("CALL mysql.of_somebody_else()");
    expect(await probes()).toEqual([]);
    await mysql.query("SET GLOBAL init_connect = ''");
  });

  test("a ledger that locks out all accounts is removed from init_connect", async () => {
    await mysql.query(
      "SET GLOBAL init_connect = CONCAT(@@init_connect, '; CALL mysql.of_nobody()')",
    );
    await expect(installLedger(await mysql.connect())).rejects.toThrow(LoginNotProvenError);
    expect(await initConnect()).toBe("CALL mysql.of_nobody()");
    await mysql.query("SET GLOBAL init_connect = ''");
  });

  test("a login with tags is proven too, and the proof's account leaves no tag in gtid_executed", async () => {
    await installLedger(await mysql.connect(), "ledger-and-tags");
    expect(await registered(app)).toMatchObject({ user: "app" });
    const [row] = await mysql.query<{ executed: string }>("SELECT @@gtid_executed AS executed");
    expect(row?.executed).not.toContain("probe");
    expect(await probes()).toEqual([]);
  });

  test("the proof uses TLS as the administrator's connection does", async () => {
    const administrator = await mysql.connect(undefined, { ssl: { rejectUnauthorized: false } });
    await administrator.query("SET GLOBAL require_secure_transport = ON");
    try {
      await installLedger(administrator);
    } finally {
      await administrator.query("SET GLOBAL require_secure_transport = OFF");
    }
    expect(await probes()).toEqual([]);
  });
});

describe("installing and uninstalling", () => {
  test("updates a ledger that has fewer slots and other privileges", async () => {
    await mysql.query("DELETE FROM binlog_router.sessions WHERE slot > 10");
    await mysql.query(
      "REVOKE UPDATE ON binlog_router.sessions FROM binlog_router_ledger@localhost",
    );
    expect(await registered(app)).toBeUndefined();
    await installLedger(await mysql.connect());
    expect(await mysql.query("SELECT COUNT(*) AS slots FROM binlog_router.sessions")).toEqual([
      { slots: SLOTS },
    ]);
    expect(await registered(app)).toMatchObject({ user: "app" });
  });

  test("keeps the former init_connect, and restores it", async () => {
    await uninstallLedger(await mysql.connect());
    await mysql.query("SET GLOBAL init_connect = 'SET @before = 1; SET @more = 2'");
    await installLedger(await mysql.connect());
    await installLedger(await mysql.connect());
    const [rows] = await (
      await mysql.connect(app)
    ).query<RowDataPacket[]>("SELECT @before AS before_, @more AS more");
    expect(rows).toEqual([{ before_: 1, more: 2 }]);
    expect(await registered(app)).toMatchObject({ user: "app" });
    await uninstallLedger(await mysql.connect());
    expect(await initConnect()).toBe("SET @before = 1; SET @more = 2");
    await mysql.query("SET GLOBAL init_connect = ''");
  });

  test("removes everything that it created", async () => {
    const accounts = async (): Promise<unknown> =>
      mysql.query("SELECT user, host FROM mysql.user WHERE user LIKE 'binlog%' OR user = ''");
    await uninstallLedger(await mysql.connect());
    expect(await accounts()).toEqual([]);
    expect(await mysql.query("SHOW DATABASES LIKE 'binlog_router'")).toEqual([]);
    expect(await initConnect()).toBe("");
    await (await mysql.connect(app)).query("SELECT 1");
    await uninstallLedger(await mysql.connect());
  });

  test("refuses to remove a ledger that init_connect calls in another form", async () => {
    const byHand = "CALL binlog_router.register_session()";
    await mysql.query("SET GLOBAL init_connect = ?", [byHand]);
    const administrator = await mysql.connect();
    await expect(uninstallLedger(administrator)).rejects.toThrow(LedgerInUseError);
    expect(await registered(app)).toMatchObject({ user: "app" });
    await mysql.query("SET GLOBAL init_connect = ''");
  });

  test("does not allow a login with the account ''@'%'", async () => {
    await expect(mysql.connect({ user: "stranger", password: "" })).rejects.toMatchObject({
      code: expect.stringMatching(/^ER_ACCESS_DENIED|^ER_ACCOUNT_HAS_BEEN_LOCKED/) as string,
    });
  });
});

test("the ledger's table keeps its slots, and a connection adds a few hundred bytes of binlog", async () => {
  const end = async (): Promise<number> =>
    Number((await mysql.query("SHOW BINARY LOG STATUS"))[0]?.["Position"]);
  const before = await end();
  const CONNECTIONS = 200;
  for (let i = 0; i < CONNECTIONS; i++) (await mysql.connect(app)).destroy();
  const bytes = ((await end()) - before) / CONNECTIONS;
  const [table] = await mysql.query<{ count: number }>(
    "SELECT COUNT(*) AS count FROM binlog_router.sessions",
  );
  const [calls] = await mysql.query<{ ms: string; count: number }>(
    `SELECT SUM(sum_timer_wait) / MAX(count_star) / 1e9 AS ms, MAX(count_star) AS count
     FROM performance_schema.events_statements_summary_by_program WHERE object_schema = 'binlog_router'`,
  );
  const ms = Number(calls?.ms);
  console.info(
    `the ledger: ${bytes.toFixed(0)} bytes of binlog and ${ms.toFixed(2)} ms in its procedures for each connection (${calls?.count} calls), ${table?.count} rows; ` +
      `at 1,000 connections a second ${(bytes / 1000).toFixed(2)} MB of binlog and ${ms.toFixed(1)} connections in the procedures at a time`,
  );
  expect(bytes).toBeLessThan(600);
  expect(table?.count).toBe(SLOTS);
});
