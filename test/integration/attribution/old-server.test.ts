import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalAws } from "@binlog-router/local-aws";
import { createConnection, type Connection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createDataDirectory } from "../../../infra/local/mysql/data-template.ts";
import { findMysql, type MysqlPrograms } from "../../../infra/local/mysql/find-mysql.ts";
import { freePort } from "../../../infra/local/mysql/free-port.ts";
import { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { DEFAULT_VARIABLES } from "../../../infra/local/mysql/server-variables.ts";
import { REGISTRATION_STATEMENTS } from "../../../operator/ledger/init-connect.ts";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { EVERYBODY, LEDGER_SCHEMA } from "../../../operator/ledger/objects.ts";
import { LoginNotProvenError, proveLogin } from "../../../operator/ledger/prove-login.ts";
import { binlogRouter } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { startProcess } from "../../support/start/local-stack.ts";

// A real MySQL 8.0.15, which is refused. OLD_MYSQLD is the path of its mysqld; CONTRIBUTING.md says
// where to get it. The nightly workflow sets it.

const OLD_MYSQLD = process.env["OLD_MYSQLD"] ?? "";
const VERSION = "8.0.15";
const SENTENCE = "version is 8.0.15, which is older than 8.0.29";
if (OLD_MYSQLD === "") {
  console.warn(
    `the refusal of an old server is not tested: OLD_MYSQLD does not name a MySQL ${VERSION}`,
  );
}

describe.skipIf(OLD_MYSQLD === "")(`on MySQL ${VERSION}`, () => {
  let server: MysqlServer;
  let root: Connection;
  let app: Connection["config"];

  beforeAll(async () => {
    const programs: MysqlPrograms = {
      version: VERSION,
      mysqld: OLD_MYSQLD,
      mysql: null,
      mysqlbinlog: null,
      mysqladmin: null,
    };
    const home = await mkdtemp(join(tmpdir(), "binlog-router-old-"));
    const dataDir = join(home, "data");
    await createDataDirectory(programs, dataDir);
    server = new MysqlServer({
      programs,
      home,
      dataDir,
      port: await freePort(),
      password: "",
      variables: DEFAULT_VARIABLES,
    });
    await server.start();
    const { host, port, user } = server;
    root = await createConnection({ host, port, user });
    await root.query("CREATE USER app IDENTIFIED BY 'app'");
    app = { host, port, user: "app", password: "app" };
  });
  afterAll(async () => {
    root?.destroy();
    await server?.[Symbol.asyncDispose]();
  });

  /** Logs in with an ordinary account and runs a query. */
  async function enter(): Promise<void> {
    const connection = await createConnection(app);
    await connection.query("DO 1").finally(() => connection.destroy());
  }

  test("the reader stops and names the oldest version", async () => {
    await using aws = await startLocalAws();
    await using bench = await ReaderBench.create(aws, server, { SOURCE_TLS: "off" });
    const reader = await bench.start("stopped by an error");
    expect(reader.log.at(-1)?.["error"]).toMatchObject({
      name: "SourceSettingError",
      message: expect.stringContaining("Upgrade the server to MySQL 8.0.29 or later.") as string,
    });
    expect(await reader.exit()).toBe(1);
  });

  test("doctor reports the version with every option", async () => {
    const url = `mysql://root@127.0.0.1:${server.port}`;
    const { code, out, problem } = await binlogRouter(["doctor", "--mysql", url]);
    expect(out).toMatch(
      /^DATA LOSS {2}version: version is 8\.0\.15, which is older than 8\.0\.29\./,
    );
    expect(problem).toBe("");
    expect(code).toBe(1);
    const removal = await binlogRouter(["doctor", "--mysql", url, "--uninstall"]);
    expect(removal.problem).toBe(`The server could not be examined: ${SENTENCE}\n`);
    expect(removal.code).toBe(2);
  });

  test("npm start refuses the server, given by its address or by its program", async () => {
    const start = startProcess(["--mysql", `mysql://root@127.0.0.1:${server.port}`]);
    onTestFinished(() => start[Symbol.asyncDispose]());
    const { code, errors } = await start.ended;
    expect(errors).toContain(SENTENCE);
    expect(errors).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
    await expect(findMysql({ environment: { BINLOG_ROUTER_MYSQLD: OLD_MYSQLD } })).rejects.toThrow(
      SENTENCE,
    );
  });

  test("a grant to all accounts takes effect with FLUSH PRIVILEGES, and the proof of a login fails before it", async () => {
    await expect(installLedger(root)).rejects.toMatchObject({ code: "ER_PARSE_ERROR" });
    await enter();
    // The installation's statements, in this version's syntax.
    await root.query(`CREATE DATABASE IF NOT EXISTS ${LEDGER_SCHEMA}`);
    for (const name of ["register_session", "resume_roles"])
      await root.query(`CREATE PROCEDURE ${LEDGER_SCHEMA}.${name}() BEGIN END`);
    await root.query(`CREATE USER ${EVERYBODY} IDENTIFIED BY 'nobody' ACCOUNT LOCK`);
    await root.query(`GRANT EXECUTE ON ${LEDGER_SCHEMA}.* TO ${EVERYBODY}`);
    await expect(proveLogin(root)).rejects.toThrow(LoginNotProvenError);
    // The refusal is right: with init_connect set, logins fail.
    await root.query("SET GLOBAL init_connect = ?", [REGISTRATION_STATEMENTS.join("; ")]);
    await expect(enter()).rejects.toMatchObject({ code: "ER_NEW_ABORTING_CONNECTION" });
    await root.query("SET GLOBAL init_connect = ''");
    await root.query("FLUSH PRIVILEGES");
    await proveLogin(root);
    await root.query("SET GLOBAL init_connect = ?", [REGISTRATION_STATEMENTS.join("; ")]);
    await enter();
    const [probes] = await root.query("SELECT user FROM mysql.user WHERE user LIKE 'binlog%'");
    expect(probes).toEqual([]);
    await root.query("SET GLOBAL init_connect = ''");
  });
});
