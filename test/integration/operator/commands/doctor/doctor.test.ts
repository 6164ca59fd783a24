import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startLocalAws } from "@binlog-router/local-aws";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfig } from "../../../../../config/load.ts";
import { freePort } from "../../../../../infra/local/mysql/free-port.ts";
import { createReaderAccount } from "../../../../../infra/local/source/accounts.ts";
import { Refusal } from "../../../../../infra/local/request/refusal.ts";
import { filterWarnings } from "../../../../../infra/local/source/filter-warnings.ts";
import type { Finding } from "../../../../../reader/source/finding.ts";
import { useMysql } from "../../../../support/mysql.ts";
import { binlogRouter } from "../../../../support/operator.ts";

const mysql = useMysql({ variables: { sync_binlog: 1 } });
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

/** A subscriber of all tables with these column filters. */
function mailing(columns: object) {
  return { mailing: { tables: ["shop.*"], columns } };
}

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
  const { code, out, problem } = await binlogRouter(["doctor", ...argv]);
  return { code, output: out + problem };
}

async function allFindings(): Promise<Finding[]> {
  return JSON.parse((await doctor("--json")).output) as Finding[];
}

async function faults(): Promise<string[]> {
  return (await allFindings())
    .filter(({ severity }) => severity !== "note")
    .map(({ check }) => check);
}

/** Runs a script as the mysql client does. */
async function runScript(script: string): Promise<void> {
  expect(await clientErrors(script)).toBe("");
}

/** The errors that the mysql client prints for a script; it stops at the first one. */
async function clientErrors(script: string): Promise<string> {
  const { host, port, user, password, programs } = mysql.server;
  const client = spawn(
    programs.mysql ?? "mysql",
    ["-h", host, "-P", String(port), "-u", user, "--binary-mode"],
    { env: { ...process.env, MYSQL_PWD: password }, stdio: ["pipe", "ignore", "pipe"] },
  );
  client.stdin.end(script);
  const [errors] = await Promise.all([text(client.stderr), once(client, "close")]);
  expect(client.exitCode === 0).toBe(errors === "");
  return errors;
}

describe("doctor", () => {
  test("--sql prints a script after which no finding is left to fix", async () => {
    expect(await faults()).toEqual(["ledger.missing"]);
    const { code, output } = await doctor("--sql");
    expect(code).toBe(1);
    expect(await faults()).toEqual(["ledger.missing"]); // printing changed nothing
    await runScript(output);
    const after = await doctor();
    expect(after.output).toContain("Nothing has to be fixed.");
    expect(after.code).toBe(0);
  });

  test("--sql prints a script that ends before init_connect is set where no ordinary account could log in", async () => {
    await runScript((await doctor("--uninstall")).output);
    const script = (await doctor("--sql")).output;
    const grant = "GRANT EXECUTE ON binlog_router.* TO ''@'%';";
    expect(script).toContain(grant);
    expect(await clientErrors(script.replace(grant, ""))).toContain("execute command denied");
    expect(await mysql.query("SELECT @@GLOBAL.init_connect AS value")).toEqual([{ value: "" }]);
    await runScript((await doctor("--sql")).output);
    expect(
      await mysql.query("SELECT user FROM mysql.user WHERE user LIKE 'binlog%probe%'"),
    ).toEqual([]);
    expect(await faults()).toEqual([]);
  });

  test("reports a setting that would lose data, and the statement that fixes it", async () => {
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

  test("finds filters that do not fit the tables", async () => {
    await mysql.query(
      "CREATE TABLE shop.customers (id INT PRIMARY KEY, email VARCHAR(99), born DATE)",
    );
    const filtered = join(directory, "filtered.json");
    const columns = { exclude: ["shop.customers.e_mail"], mask: { "shop.*.id": "last4" } };
    await writeFile(
      filtered,
      JSON.stringify({
        environments: { production: { users: ["app_production"] } },
        subscribers: {
          mailing: { tables: ["shop.*"], columns, where: "emial LIKE 'a%' OR born > 5" },
          search: { tables: ["shop.*"], columns: { mask: { "shop.*.email": "hash" } } },
        },
      }),
    );
    const { code, output } = await doctor("--config", filtered, "--json");
    const findings = JSON.parse(output) as Finding[];
    const found = findings.filter(({ check }) => check.startsWith("filters."));
    expect(found.map(({ check }) => check).sort()).toEqual([
      "filters.column",
      "filters.comparison",
      "filters.condition-column",
      "filters.key",
    ]);
    expect(found.every(({ what }) => what.includes("mailing"))).toBe(true);
    expect(code).toBe(1);
    await mysql.query("DROP TABLE shop.customers");
  });

  test("finds tables and columns that show the values of hidden columns, and npm start refuses hidden keys", async () => {
    await mysql.query(
      "CREATE TABLE shop.customers (id INT PRIMARY KEY, email VARCHAR(99), `do``main` VARCHAR(99) AS (SUBSTRING_INDEX(email, '@', -1)), KEY ((LOWER(email))))",
    );
    for (const table of ["clients", "_customers_gho"])
      await mysql.query(`CREATE TABLE shop.${table} LIKE shop.customers`);
    await mysql.query(
      "CREATE VIEW shop.emails AS SELECT id, email, email AS copy FROM shop.customers",
    );
    const filtered = join(directory, "leaks.json");
    const environments = { production: { users: ["app_production"] } };
    const columns = { mask: { "shop.customers.email": "hash" } };
    await writeFile(filtered, JSON.stringify({ environments, subscribers: mailing(columns) }));
    const { code, output } = await doctor("--config", filtered, "--json");
    const found = (JSON.parse(output) as Finding[]).filter(({ check }) =>
      check.startsWith("filters."),
    );
    expect(found.map(({ check, about }) => `${check}:${about}`).sort()).toEqual([
      "filters.copy:subscribers.mailing.columns.shop.clients",
      "filters.generated:subscribers.mailing.columns.shop._customers_gho.do`main",
      "filters.generated:subscribers.mailing.columns.shop.customers.do`main",
      "filters.tool-copy:subscribers.mailing.shop._customers_gho",
    ]);
    expect(code).toBe(1);

    const { host, port, user, password } = mysql.server;
    const source = { host, port, tls: "encrypt", administrator: { user, password } } as const;
    const warnings = (filter: object) =>
      filterWarnings(
        source,
        loadConfig({
          name: "shop",
          source: { tables: ["shop.*"] },
          environments,
          subscribers: mailing(filter),
        }),
      );
    expect((await warnings(columns)).join("\n")).toContain("which MySQL computes from email");
    await expect(warnings({ exclude: ["shop.customers.id"] })).rejects.toThrow(Refusal);
    await mysql.query("DROP VIEW shop.emails");
    await mysql.query("DROP TABLE shop.customers, shop.clients, shop._customers_gho");
  });

  test("reads names as the server prints them by default, whatever its settings are", async () => {
    for (const statement of [
      "SET GLOBAL sql_mode = 'ANSI'",
      "SET GLOBAL sql_quote_show_create = OFF",
      "CREATE TABLE shop.kept (id INT) ENGINE=MyISAM",
      "CREATE TABLE shop.`a.b` (id INT) ENGINE=MERGE UNION=(shop.kept)",
    ])
      await mysql.query(statement);
    const found = (await allFindings()).filter(({ check }) => check.startsWith("tables."));
    expect(found.map(({ check, about }) => [check, about])).toEqual([["tables.merge", "shop.a.b"]]);
    await mysql.query("DROP TABLE shop.`a.b`, shop.kept");
    await mysql.query("SET GLOBAL sql_mode = DEFAULT");
    await mysql.query("SET GLOBAL sql_quote_show_create = DEFAULT");
  });

  test("finds accounts in no environment, and administrators among an environment's", async () => {
    await mysql.createAccount("forgotten", ["INSERT ON shop.*"]);
    await mysql.createAccount("app_staging", ["CONNECTION_ADMIN ON *.*"]);
    expect(await faults()).toEqual(["accounts.administrator", "accounts.no-environment"]);
    await mysql.query("DROP USER forgotten, app_staging");
  });

  test("accepts what the configuration accepts, with its reason", async () => {
    await mysql.createAccount("forgotten", ["INSERT ON shop.*"]);
    const accepting = join(directory, "accepting.json");
    await writeFile(
      accepting,
      JSON.stringify({
        environments: { production: { users: ["app_production"] } },
        doctor: {
          accept: {
            "accounts.no-environment:forgotten@%": "only writes to its own log",
            "accounts.limited:app_production@%": "had a limit once",
          },
        },
      }),
    );
    const { code, output } = await doctor("--config", accepting);
    expect(output).toContain(
      "accepted  accounts.no-environment:forgotten@%: 'forgotten'@'%' is in no",
    );
    expect(output).toContain("Accepted in the configuration: only writes to its own log");
    expect(output).toContain("accounts.limited:app_production@%, which was not found this time");
    expect(code).toBe(0);
    await mysql.query("DROP USER forgotten");
  });

  test("checks each of several sources, and exits with the gravest code", async () => {
    await using aws = await startLocalAws();
    const { region, credentials, endpoints } = aws;
    const secrets = new SecretsManagerClient({
      region,
      credentials,
      endpoint: endpoints.secretsManager,
    });
    const { user, password } = mysql.server;
    const { ARN: secretArn = "" } = await secrets.send(
      new CreateSecretCommand({
        Name: "root",
        SecretString: JSON.stringify({ username: user, password }),
      }),
    );
    secrets.destroy();
    const source = (name: string, port: number, users: readonly string[]): object => ({
      name,
      source: { host: "127.0.0.1", port, secretArn, tls: "off", tables: ["shop.*"] },
      environments: { production: { users } },
    });
    const several = join(directory, "several.json");
    const check = async (
      sources: readonly object[],
      ...options: readonly string[]
    ): Promise<{ code: number; output: string }> => {
      await writeFile(several, JSON.stringify({ context: { "binlog-router": sources } }));
      const { code, out, problem } = await binlogRouter(
        ["doctor", "--config", several, ...options],
        {
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
          AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
        },
      );
      return { code, output: out + problem };
    };
    const sound = source("shop", mysql.server.port, ["app_production"]);
    const faulty = source("bookshop", mysql.server.port, ["app_staging"]);
    const gone = source("gone", await freePort(), ["app_production"]);

    const two = await check([sound, faulty]);
    expect(two.output).toMatch(/^Source shop\n[^]*Nothing has to be fixed\.\n\nSource bookshop\n/);
    expect(two.output).toContain("warning  accounts.no-environment:app_production@%");
    expect(two.code).toBe(1);
    const three = await check([gone, faulty, sound], "--json");
    expect(three.code).toBe(2);
    expect(JSON.parse(three.output)).toMatchObject([
      { source: "gone", error: expect.stringContaining("ECONNREFUSED") as string },
      { source: "bookshop", findings: expect.any(Array) as unknown },
      { source: "shop", findings: expect.any(Array) as unknown },
    ]);
    const one = await check([gone, faulty, sound], "--source", "shop");
    expect(one.output).not.toContain("Source");
    expect(one.code).toBe(0);
    const script = await check([sound, faulty], "--sql");
    expect(script.code).toBe(2);
    expect(script.output).toContain("several sources (shop, bookshop)");
    expect(script.output).toContain("--source NAME");
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

  test.each([
    ["DROP PROCEDURE binlog_router.register_session"],
    ["DROP PROCEDURE binlog_router.resume_roles"],
    ["DROP USER binlog_router_ledger@localhost"],
    ["DROP USER ''@'%'"],
  ])(
    "after %s, reports first that nobody can log in, and its script fixes it",
    async (breaking) => {
      const account = { user: "app_production", password: "password of app_production" };
      const enter = async (): Promise<unknown> => (await mysql.connect(account)).query("DO 1");
      await enter();
      await mysql.query(breaking);
      await expect(enter()).rejects.toMatchObject({ code: "ER_NEW_ABORTING_CONNECTION" });
      await mysql.query("SET GLOBAL binlog_row_metadata = MINIMAL"); // just as grave, and reported second
      const { code, output } = await doctor();
      expect(code).toBe(1);
      expect(output).toMatch(/^LOCKED OUT {2}ledger.lockout: init_connect calls/);
      expect(output).toContain(
        "run SET GLOBAL init_connect = '' as an account with CONNECTION_ADMIN",
      );
      const locked = await run(
        "--mysql",
        `mysql://app_production:${encodeURIComponent(account.password)}@127.0.0.1:${mysql.server.port}`,
        "--config",
        config,
      );
      expect(locked.code).toBe(2);
      expect(locked.output).toContain("let everybody in first: SET GLOBAL init_connect = ''");
      const script = (await doctor("--sql")).output;
      await runScript(script.split("\n").slice(0, 2).join("\n"));
      await enter();
      await runScript(script);
      await enter();
      expect(await faults()).toEqual([]);
    },
  );

  test.each([
    ["RENAME TABLE binlog_router.sessions TO shop.sessions"],
    ["TRUNCATE binlog_router.sessions"],
    ["REVOKE UPDATE ON binlog_router.sessions FROM binlog_router_ledger@localhost"],
    ["REVOKE SELECT ON performance_schema.metadata_locks FROM binlog_router_ledger@localhost"],
  ])(
    "after %s, finds that connections are not registered, and its script fixes it",
    async (breaking) => {
      await mysql.query(breaking);
      expect(await faults()).toEqual(["ledger.incomplete"]);
      await runScript((await doctor("--sql")).output);
      expect(await faults()).toEqual([]);
    },
  );

  test("finds accounts that are administrators by a role, and accounts with a limit of queries", async () => {
    await mysql.query("CREATE ROLE operator, chief");
    await mysql.query("GRANT CONNECTION_ADMIN ON *.* TO chief");
    await mysql.query("GRANT chief TO operator");
    await mysql.createAccount("app_staging", []);
    await mysql.query("GRANT operator TO app_staging");
    await mysql.query("ALTER USER app_production WITH MAX_QUERIES_PER_HOUR 1000");
    expect(await faults()).toEqual(["accounts.limited"]); // the role is not active
    await mysql.query("ALTER USER app_staging DEFAULT ROLE operator");
    await mysql.query("ALTER USER app_production WITH MAX_QUERIES_PER_HOUR 0");
    expect(await faults()).toEqual(["accounts.administrator"]);
    expect((await doctor()).output).toContain(
      "app_staging'@'%' of the environment staging has 'chief'@'%'",
    );
    await mysql.query("DROP USER app_staging");
    await mysql.query("DROP ROLE operator, chief");
  });

  test("--tags --sql prints a script that adds GTID tags, and --tags --uninstall one that removes them", async () => {
    const account = await mysql.createAccount("app_staging", ["SELECT ON shop.*"]);
    const tagOfLogin = async (): Promise<unknown> => {
      const connection = await mysql.connect(account);
      const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@SESSION.gtid_next AS tag");
      return row?.["tag"];
    };
    const tagged = async (): Promise<string[]> => {
      const findings = JSON.parse((await doctor("--tags", "--json")).output) as Finding[];
      return findings.filter(({ severity }) => severity !== "note").map(({ check }) => check);
    };
    expect(await tagOfLogin()).toBe("AUTOMATIC");
    expect(await tagged()).toEqual(["tags.missing"]);
    await runScript((await doctor("--tags", "--sql")).output);
    expect(await tagOfLogin()).toBe("AUTOMATIC:br_app_staging");
    expect(await tagged()).toEqual([]);
    // Without --tags the tags are kept, also when the doctor corrects something else.
    await mysql.query("DROP PROCEDURE binlog_router.resume_roles");
    await runScript((await doctor("--sql")).output);
    expect(await tagOfLogin()).toBe("AUTOMATIC:br_app_staging");
    await mysql.query("REVOKE TRANSACTION_GTID_TAG ON *.* FROM binlog_router_ledger@localhost");
    expect(await tagged()).toEqual(["tags.privileges"]);
    await runScript((await doctor("--sql")).output);
    const connection = await mysql.connect(account);
    await connection.reset();
    expect(await tagged()).toEqual(["connections.reset"]);
    await mysql.query(
      "TRUNCATE performance_schema.events_statements_summary_by_account_by_event_name",
    );
    await runScript((await doctor("--tags", "--uninstall")).output);
    expect(await tagOfLogin()).toBe("AUTOMATIC");
    expect(await tagged()).toEqual(["tags.missing"]);
    expect(await faults()).toEqual([]);
    await mysql.query("DROP USER app_staging");
  });

  test("--uninstall prints a script that removes the ledger, init_connect first", async () => {
    await mysql.query("SET GLOBAL init_connect = CONCAT(@@GLOBAL.init_connect, '; SET @mine = 1')");
    const { code, output } = await doctor("--uninstall");
    expect(code).toBe(0);
    expect(output.split("\n")[0]).toBe("SET PERSIST init_connect = 'SET @mine = 1';");
    await runScript(output);
    expect(await mysql.query("SELECT @@GLOBAL.init_connect AS value")).toEqual([
      { value: "SET @mine = 1" },
    ]);
    expect(
      await mysql.query("SELECT 1 FROM mysql.user WHERE user IN ('', 'binlog_router_ledger')"),
    ).toEqual([]);
    expect(await mysql.query("SHOW DATABASES LIKE 'binlog_router'")).toEqual([]);
    await mysql.query("SET GLOBAL init_connect = ''");
  });

  test("--tags --no-ledger prints a script for tags alone, and the script of --uninstall removes all of it", async () => {
    const account = await mysql.createAccount("app_staging", ["SELECT ON shop.*"]);
    const tagOfLogin = async (): Promise<unknown> => {
      const connection = await mysql.connect(account);
      const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@SESSION.gtid_next AS tag");
      return row?.["tag"];
    };
    expect((await doctor("--no-ledger")).output).toContain("--no-ledger needs --tags");
    await runScript((await doctor("--tags", "--no-ledger", "--sql")).output);
    expect(await tagOfLogin()).toBe("AUTOMATIC:br_app_staging");
    expect(await mysql.query("SHOW TABLES FROM binlog_router")).toEqual([]);
    expect(
      await mysql.query(
        "SELECT table_name FROM mysql.tables_priv WHERE user = 'binlog_router_ledger'",
      ),
    ).toEqual([]);
    expect(await faults()).toEqual([]);
    // The doctor repairs a broken ledger as the kind that it was.
    await mysql.query("DROP PROCEDURE binlog_router.resume_roles");
    expect(await faults()).toEqual(["ledger.lockout"]);
    await runScript((await doctor("--sql")).output);
    expect(await tagOfLogin()).toBe("AUTOMATIC:br_app_staging");
    expect(await mysql.query("SHOW TABLES FROM binlog_router")).toEqual([]);
    for (const options of [["--tags", "--uninstall"], ["--uninstall"]])
      expect((await doctor(...options)).output).toContain("DROP DATABASE IF EXISTS binlog_router");
    await runScript((await doctor("--tags", "--uninstall")).output);
    expect(await tagOfLogin()).toBe("AUTOMATIC");
    expect(
      await mysql.query("SELECT 1 FROM mysql.user WHERE user IN ('', 'binlog_router_ledger')"),
    ).toEqual([]);
    await mysql.query("DROP USER app_staging");
  });

  test("lists cascading foreign keys where the server does not log their rows", async () => {
    await mysql.query("CREATE TABLE shop.parents (id INT PRIMARY KEY)");
    await mysql.query(
      "CREATE TABLE shop.children (id INT PRIMARY KEY, parent INT, " +
        "CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES shop.parents (id) ON DELETE CASCADE)",
    );
    const found = (await allFindings()).find(({ check }) => check === "foreign-keys");
    const [variable] = await mysql.query<{ Value: string }>(
      "SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'",
    );
    if (variable?.Value === "OFF") expect(found).toBeUndefined();
    else expect(found?.what).toContain("shop.children.of_parent (ON DELETE CASCADE)");
    await mysql.query("DROP TABLE shop.children, shop.parents");
  });

  test("names users of the configuration that the server does not have", async () => {
    const { output } = await doctor("--json");
    expect(
      (JSON.parse(output) as Finding[])
        .filter(({ check }) => check === "accounts.missing")
        .map(({ what }) => what),
    ).toEqual([
      "the environment staging names the user app_staging, which the server does not have",
    ]);
  });

  test("reaches an account that requires TLS over the loopback address", async () => {
    const { user, password } = await mysql.createAccount("tunnelled", ["ALL ON *.*"]);
    await mysql.query("ALTER USER tunnelled REQUIRE SSL");
    const url = `mysql://${user}:${password}@127.0.0.1:${mysql.server.port}`;
    expect((await run("--mysql", `${url}?tls=off`, "--config", config)).output).toContain(
      "ER_ACCESS_DENIED_ERROR",
    );
    for (const ending of ["", "?tls=encrypt"]) {
      const { code, output } = await run("--mysql", url + ending, "--config", config, "--json");
      expect(code, output).not.toBe(2);
      expect((JSON.parse(output) as Finding[]).map(({ check }) => check)).not.toContain("tls");
    }
    expect((await run("--mysql", `${url}?tls=yes`, "--config", config)).code).toBe(2);
    await mysql.query("DROP USER tunnelled");
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
