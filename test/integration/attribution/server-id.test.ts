import { expect, test } from "vitest";
import type { Connection } from "mysql2/promise";
import { startLocalAws } from "@binlog-router/local-aws";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

const mysql = useMysql();

function by(attribution: string, serverId: number): object {
  return { serverId, user: "app", host: "localhost", attribution };
}

// Open sessions keep the server_id that they began with.
test("authors stay known when server_id is changed while the server runs", async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)");
  const app = await mysql.createAccount("app", ["ALL ON shop.*"]);
  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, mysql.server);
  const authorOf = async (connection: Connection): Promise<unknown> => {
    await connection.query("INSERT INTO shop.orders VALUES ()");
    const [frame] = await bench.takeFrames(1);
    const [{ serverId } = {}] = frame?.transactions ?? [];
    return { serverId, ...frame?.authors[0] };
  };
  const reader = await bench.start();
  const first = await mysql.connect(app);
  expect(await authorOf(first)).toEqual(by("first-sight", 1));
  await installLedger(await mysql.connect());
  const second = await mysql.connect(app);
  await mysql.query("SET GLOBAL server_id = 77");
  expect(await authorOf(second)).toEqual(by("ledger", 1));
  const third = await mysql.connect(app);
  expect(await authorOf(third)).toEqual(by("ledger", 77));
  await reader.stop();
  await bench.start();
  expect(await authorOf(second)).toEqual(by("ledger", 1));
  expect(await authorOf(third)).toEqual(by("ledger", 77));
  expect(await authorOf(first)).toMatchObject({ serverId: 1, user: "app" });
});
