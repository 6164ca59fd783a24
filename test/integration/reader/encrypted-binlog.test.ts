import { createConnection } from "mysql2/promise";
import { expect, test, vi } from "vitest";
import { startLocalAws } from "@binlog-router/local-aws";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import { encryptingMysql } from "../../support/encrypting-mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

test("an encrypted binlog is read, and a rotation in it begins no run of the server", async ({
  skip,
}) => {
  await using mysql = await encryptingMysql();
  skip(mysql === null, "this MySQL is not of Debian's packages");
  vi.stubEnv("BINLOG_ROUTER_MYSQLD", mysql?.mysqld);
  await using server = await startMysqlServer({ variables: { binlog_encryption: true } });
  vi.unstubAllEnvs();
  const { host, port, user, password } = server;
  const administrator = await createConnection({ host, port, user, password });
  const [files] = await administrator.query("SHOW BINARY LOGS");
  expect(files).toMatchObject([{ Encrypted: "Yes" }]);
  await administrator.query("CREATE DATABASE shop");
  await administrator.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  await administrator.query("CREATE USER app IDENTIFIED BY 'app'");
  await administrator.query("GRANT ALL ON shop.* TO app");

  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, server);
  const reader = await bench.start();
  await reader.stop();
  // The author is known from the process list only, which shows the server's present run.
  const app = await createConnection({ host, port, user: "app", password: "app" });
  await app.query("INSERT INTO shop.orders VALUES (1)");
  for (let i = 0; i < 2; i++) await administrator.query("FLUSH BINARY LOGS");
  await bench.start();
  const [frame] = await bench.takeFrames(1);
  expect(frame?.changes).toMatchObject([{ after: '{"id":1}' }]);
  expect(frame?.authors).toMatchObject([{ user: "app", attribution: "first-sight" }]);
  app.destroy();
  administrator.destroy();
});
