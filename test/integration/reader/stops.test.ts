import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

// Cases in which the reader cannot continue without losing or garbling a change. It ends with an
// error that names the remedy.

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note JSON)");
});

/** The error with which the reader ended. */
async function ending(
  bench: ReaderBench,
  until = "stopped by an error",
): Promise<{ name?: string; message?: string }> {
  const reader = await bench.start(until);
  const line = await reader.logged("stopped by an error");
  expect(await reader.exit()).toBe(1);
  return line["error"] as { name?: string; message?: string };
}

test.each(["off", "encrypt"])(
  "a reader ends when it is told to, although the server no longer answers (TLS: %s)",
  { timeout: 30_000 },
  async (tls) => {
    await using proxy = await TcpProxy.listen(mysql.server);
    const { user, password } = mysql.server;
    const address = { host: "127.0.0.1", port: proxy.port, user, password };
    await using bench = await ReaderBench.create(aws, address, { SOURCE_TLS: tls });
    const reader = await bench.start();
    proxy.hold(true);
    expect(await reader.stop()).toBe(0);
  },
);

test("the reader stops when the next log was purged", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const reader = await bench.start();
  await mysql.query("INSERT INTO shop.orders VALUES (1, NULL)");
  await bench.takeFrames(1);
  await reader.stop();
  await mysql.query("INSERT INTO shop.orders VALUES (2, NULL)");
  await mysql.query("FLUSH BINARY LOGS");
  const [status] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  await mysql.query(`PURGE BINARY LOGS TO '${status?.File}'`);
  const error = await ending(bench);
  expect(error).toMatchObject({ name: "BinlogPurgedError" });
  expect(error.message).toContain(status?.File);
  expect(error.message).toContain("npm run offsets -- set");

  // The doctor reports the same.
  const { user, password, port } = mysql.server;
  const { out, code } = await binlogRouterOn(
    stackFileOf(aws, tablesOf(bench)),
    "doctor",
    "--json",
    "--mysql",
    `mysql://${user}:${password}@127.0.0.1:${port}`,
  );
  expect(code).toBe(1);
  expect(JSON.parse(out)).toContainEqual(
    expect.objectContaining({
      check: "reader.stopped",
      what: expect.stringContaining("BinlogPurgedError") as string,
    }),
  );
});

test("the reader stops at rows logged in statement format", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const reader = await bench.start();
  const connection = await mysql.connect();
  await connection.query("SET SESSION binlog_format = 'STATEMENT'");
  await connection.query("INSERT INTO shop.orders VALUES (1, NULL)");
  const line = await reader.logged("stopped by an error");
  expect(line["error"]).toMatchObject({ name: "UnreadableTransactionError" });
  expect(await reader.exit()).toBe(1);
});

test("the reader stops at updates of JSON documents logged in part", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  await mysql.query(`INSERT INTO shop.orders VALUES (1, '{"a": "${"x".repeat(200)}", "b": 1}')`);
  const reader = await bench.start();
  const connection = await mysql.connect();
  await connection.query("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'");
  await connection.query("UPDATE shop.orders SET note = JSON_SET(note, '$.b', 2)");
  const line = await reader.logged("stopped by an error");
  expect(line["error"]).toMatchObject({
    message: expect.stringContaining("binlog_row_value_options"),
  });
  expect(await reader.exit()).toBe(1);
});

test.each([
  ["binlog_format", "STATEMENT", "ROW"],
  ["binlog_row_metadata", "MINIMAL", "FULL"],
  ["binlog_row_value_options", "PARTIAL_JSON", ""],
])("the reader does not start with %s = %s", async (variable, wrong, right) => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  await mysql.query(`SET GLOBAL ${variable} = '${wrong}'`);
  try {
    const error = await ending(bench);
    expect(error).toMatchObject({
      name: "SourceSettingError",
      message: expect.stringContaining(variable),
    });
  } finally {
    await mysql.query(`SET GLOBAL ${variable} = '${right}'`);
  }
});

test("the reader stops with a wrong password, and does not repeat it", async () => {
  const { host, port } = mysql.server;
  const password = "not-the-password";
  await using bench = await ReaderBench.create(aws, { host, port, user: "root", password });
  const error = await ending(bench);
  expect(error).toMatchObject({
    name: "SourceAccessError",
    message: expect.stringContaining("REPLICATION SLAVE"),
  });
  expect(JSON.stringify(error)).not.toContain(password);
});

test(
  "the reader stops with tls: verify when the certificate does not name the host",
  { timeout: 240_000 },
  async () => {
    // The certificate authority is trusted, as with NODE_EXTRA_CA_CERTS, but the server's
    // certificate contains no host name.
    const settings = {
      SOURCE_TLS: "verify",
      NODE_EXTRA_CA_CERTS: join(mysql.server.dataDir, "ca.pem"),
    };
    await using bench = await ReaderBench.create(aws, mysql.server, settings);
    expect(await ending(bench)).toMatchObject({ name: "SourceTlsError" });
  },
);

test("in a container the reader keeps running while MySQL refuses its account, and reads when the password is corrected", async () => {
  const { host, port } = mysql.server;
  const account = { user: "later", password: "the-secret's" };
  await using bench = await ReaderBench.create(aws, { host, port, ...account });
  const reader = await bench.start("the reader cannot continue until an operator acts", {
    BLOCKED_SECONDS: "1",
    HEALTH_PORT: "0",
  });
  const health = Number((await reader.logged("answering health checks"))["port"]);
  const ask = async (path: string) => fetch(`http://127.0.0.1:${health}${path}`);
  const alive = await ask("/");
  expect(alive.status).toBe(200);
  expect(await alive.json()).toMatchObject({ state: "blocked" });
  expect((await ask("/ready")).status).toBe(503);

  await mysql.query("CREATE USER later IDENTIFIED BY 'the-secret''s'");
  try {
    await mysql.query("GRANT REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.* TO later");
    await mysql.query("GRANT SELECT ON performance_schema.* TO later");
    await reader.logged("following the binlog");
    await mysql.query("INSERT INTO shop.orders VALUES (1, NULL)");
    expect(await bench.takeFrames(1)).toHaveLength(1);
    expect((await ask("/ready")).status).toBe(200);
    expect(await reader.stop()).toBe(0);
  } finally {
    await mysql.query("DROP USER later");
  }
});

test.each([
  ["replication", "SELECT ON performance_schema.*"],
  ["the process list", "REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.*"],
])("the reader stops when its account lacks the privilege for %s", async (lacking, granted) => {
  const { host, port } = mysql.server;
  const account = await mysql.createAccount(`without ${lacking}`, [granted]);
  await using bench = await ReaderBench.create(aws, { host, port, ...account });
  expect(await ending(bench)).toMatchObject({ name: "SourceAccessError" });
});

test("the reader stops when the session ledger locks it out, and the next one continues once that is corrected", async () => {
  const { host, port } = mysql.server;
  const account = await mysql.createAccount("reader", [
    "REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.*",
    "SELECT ON performance_schema.*",
  ]);
  await using bench = await ReaderBench.create(aws, { host, port, ...account });
  const reader = await bench.start();
  await reader.stop();
  await mysql.query("INSERT INTO shop.orders VALUES (1, NULL)");
  const administrator = await mysql.connect();
  await installLedger(administrator);
  try {
    await mysql.query("DROP DATABASE binlog_router");
    expect(await ending(bench)).toMatchObject({
      name: "SourceLockoutError",
      message: expect.stringContaining("npm run doctor"),
    });
  } finally {
    await uninstallLedger(administrator);
  }
  await bench.start();
  const frames = await bench.takeFrames(1);
  expect(frames.flatMap(({ changes }) => changes).map(({ key }) => key)).toEqual(['{"id":1}']);
});

test("the reader stops when the server's filters leave a followed database out of the binlog", async () => {
  await using server = await startMysqlServer({ variables: { binlog_ignore_db: "shop" } });
  await using bench = await ReaderBench.create(aws, server);
  const error = await ending(bench);
  expect(error.name).toBe("SourceSettingError");
  expect(error.message).toMatch(/binlog_ignore_db is shop: .* leave out the database shop/);
  await server.restart({ variables: { binlog_ignore_db: "scratch" } });
  const reader = await bench.start();
  expect(await reader.stop()).toBe(0);
});

test("the reader stops on a server that has not executed what was read", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server, {
    SOURCE_START: "gtid:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5",
  });
  expect(await ending(bench)).toMatchObject({ name: "HistoryMismatchError" });
});

test(
  "the reader stops when another replica has the same server id",
  { timeout: 240_000 },
  async () => {
    const settings = { REPLICA_SERVER_ID: "4242" };
    await using bench = await ReaderBench.create(aws, mysql.server, settings);
    await using other = await ReaderBench.create(aws, mysql.server, settings);
    // The two readers end each other's dump in turn until one of them stops with an error.
    const readers = [await bench.start(), await other.start()];
    const lines = await Promise.any(readers.map((reader) => reader.logged("stopped by an error")));
    expect(lines["error"]).toMatchObject({
      name: "BinlogRefusedError",
      message: expect.stringContaining("server_id 4242"),
    });
  },
);
