import { type Connection, createConnection } from "mysql2/promise";
import { expect, test, vi } from "vitest";
import { startLocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import { encryptingMysql } from "../../support/encrypting-mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

test("an encrypted binlog is read, and a rotation in it begins no run of the server", async ({
  skip,
}) => {
  await using mysql = await encryptingMysql();
  skip(mysql === null, "this MySQL is not of Debian's packages");
  await using server = await startEncrypted(mysql?.mysqld);
  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, server);
  const reader = await bench.start();
  await reader.stop();
  // The author is known from the process list only, which shows the server's present run.
  const app = await connect(server, "app");
  await app.query("INSERT INTO shop.orders VALUES (1)");
  await query(server, "FLUSH BINARY LOGS", "FLUSH BINARY LOGS");
  await bench.start();
  const [frame] = await bench.takeFrames(1);
  expect(frame?.changes).toMatchObject([{ after: '{"id":1}' }]);
  expect(frame?.authors).toMatchObject([{ user: "app", attribution: "first-sight" }]);
  app.destroy();
});

// For another master key the server writes the headers of all binlog files anew. After some of them
// it has written more bytes than a small file of an earlier run has.
test("another master key makes no encrypted file one of the server's present run", async ({
  skip,
}) => {
  await using mysql = await encryptingMysql();
  skip(mysql === null, "this MySQL is not of Debian's packages");
  await using server = await startEncrypted(mysql?.mysqld);
  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, server);
  await query(server, "FLUSH BINARY LOGS");
  const reader = await bench.start();
  await reader.stop();
  const app = await connect(server, "app");
  await app.query("INSERT INTO shop.orders VALUES (1)");
  await server.restart();
  const rotations = Array.from({ length: 6 }, () => "ALTER INSTANCE ROTATE BINLOG MASTER KEY");
  await query(server, ...rotations);
  // Another account's connection has the same thread id in this run.
  const others = [await connect(server, "other")];
  while ((others.at(-1)?.threadId ?? 0) < app.threadId) others.push(await connect(server, "other"));
  expect(others.map(({ threadId }) => threadId)).toContain(app.threadId);
  await bench.start();
  const [frame] = await bench.takeFrames(1);
  expect(frame?.changes).toMatchObject([{ after: '{"id":1}' }]);
  expect(frame?.authors).toEqual([]);
  for (const connection of others) connection.destroy();
});

/** With the accounts `app` and `other`, which may write to `shop.orders`. */
async function startEncrypted(mysqld: string | undefined): Promise<MysqlServer> {
  vi.stubEnv("BINLOG_ROUTER_MYSQLD", mysqld);
  const server = await startMysqlServer({ variables: { binlog_encryption: true } });
  vi.unstubAllEnvs();
  const administrator = await connect(server);
  const [files] = await administrator.query("SHOW BINARY LOGS");
  expect(files).toMatchObject([{ Encrypted: "Yes" }]);
  administrator.destroy();
  await query(
    server,
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY)",
    "CREATE USER app IDENTIFIED BY 'app', other IDENTIFIED BY 'other'",
    "GRANT ALL ON shop.* TO app, other",
  );
  return server;
}

async function query(server: MysqlServer, ...statements: readonly string[]): Promise<void> {
  const administrator = await connect(server);
  for (const statement of statements) await administrator.query(statement);
  administrator.destroy();
}

/** `account`: a user whose password is its name; the administrator when omitted. */
async function connect(
  { host, port, user, password }: MysqlServer,
  account?: string,
): Promise<Connection> {
  return createConnection({ host, port, user: account ?? user, password: account ?? password });
}
