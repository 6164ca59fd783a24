import { PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { beforeEach, describe, expect, test } from "vitest";

import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { binlogRouterOn, type Ended, stackFileOf, tablesOf } from "../../support/operator.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
});

test("a rotated secret is used at the next connect, without a restart", async () => {
  const account = await mysql.createAccount("reader_rotated", [
    "REPLICATION SLAVE, REPLICATION CLIENT, PROCESS, SELECT ON *.*",
  ]);
  await using proxy = await TcpProxy.listen({ host: mysql.server.host, port: mysql.server.port });
  await using bench = await ReaderBench.create(aws, {
    host: "127.0.0.1",
    port: proxy.port,
    ...account,
  });
  const reader = await bench.start();
  await mysql.query("ALTER USER reader_rotated IDENTIFIED BY 'another'");
  await aws.secretsManager.send(
    new PutSecretValueCommand({
      SecretId: bench.source,
      SecretString: JSON.stringify({ username: "reader_rotated", password: "another" }),
    }),
  );
  proxy.cut();
  await reader.logged("following the binlog", 2);
  await mysql.query("INSERT INTO shop.orders VALUES (1, 'x')");
  await bench.takeFrames(1);
});

test("the health endpoint returns the state, and SIGTERM ends the reader well within 20 s", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server, { HEALTH_PORT: "0" });
  const reader = await bench.start();
  const { port } = await reader.logged("answering health checks");
  const ask = () => fetch(`http://127.0.0.1:${String(port)}/`);
  expect((await ask()).status).toBe(200);
  // The state changes with the server's first event.
  await expect
    .poll(async () => (await ask()).json())
    .toMatchObject({ state: "streaming", lagMs: 0 });
  // The reader knows the retention: by default the server keeps its binlog for 30 days.
  expect((await reader.logged("following the binlog"))["retentionMs"]).toBe(2_592_000_000);
  const startedMs = performance.now();
  expect(await reader.stop()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test("rows are decoded with the columns that the table had at the time", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const reader = await bench.start();
  await reader.stop();
  // Everything is in the log before the reader reads any of it.
  for (const statement of [
    "INSERT INTO shop.orders VALUES (1, 'a')",
    "ALTER TABLE shop.orders ADD COLUMN amount DECIMAL(10,2) DEFAULT 1.50 AFTER id",
    "INSERT INTO shop.orders VALUES (2, 2.25, 'b')",
    "ALTER TABLE shop.orders RENAME COLUMN note TO remark, DROP COLUMN amount",
    "INSERT INTO shop.orders VALUES (3, 'c')",
    "ALTER TABLE shop.orders MODIFY remark VARCHAR(100) FIRST",
    "INSERT INTO shop.orders VALUES ('d', 4)",
    "RENAME TABLE shop.orders TO shop.former",
    "CREATE TABLE shop.orders (id BIGINT UNSIGNED PRIMARY KEY)",
    "INSERT INTO shop.orders VALUES (18446744073709551615)",
    "INSERT INTO shop.former VALUES ('e', 5)",
  ]) {
    await mysql.query(statement);
  }
  await bench.start();
  const frames = await bench.takeFrames(6);
  const rows = frames.flatMap((frame) =>
    frame.changes.flatMap(({ op, table, after }) =>
      op === "c" ? [`${frame.tables[table]?.[1]} ${after}`] : [],
    ),
  );
  expect(rows).toEqual([
    'orders {"id":1,"note":"a"}',
    'orders {"id":2,"amount":"2.25","note":"b"}',
    'orders {"id":3,"remark":"c"}',
    'orders {"remark":"d","id":4}',
    'orders {"id":18446744073709551615}',
    'former {"remark":"e","id":5}',
  ]);
});

function offsets(bench: ReaderBench, ...args: string[]): Promise<Ended> {
  return binlogRouterOn(stackFileOf(aws, tablesOf(bench)), "offsets", ...args);
}

describe("npm run offsets", () => {
  test("shows where the reader is", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server, {
      SOURCE_START: "now",
    });
    const [{ File: file, Position: begins } = {}] = await mysql.query("SHOW BINARY LOG STATUS");
    await bench.start();
    const { code, out } = await offsets(bench, "show");
    expect(code).toBe(0);
    expect(out).toContain(`begun at:    ${String(file)}:${String(begins)}\n`);
    expect(out).toMatch(/reads from: +[0-9a-f-]{36}:1-\d+/);
    expect(out).toMatch(/epoch: +\d+,/);
    const json = JSON.parse((await offsets(bench, "show", "--json")).out) as {
      offset: { epoch: number };
    };
    expect(json.offset.epoch).toBeGreaterThan(0);
  });

  test("moves the reader at work, in a new epoch", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    const reader = await bench.start();
    await mysql.query("INSERT INTO shop.orders VALUES (1, 'x')");
    const [before] = await bench.takeFrames(1);
    const [state] = await mysql.query<{ executed: string }>(
      "SELECT @@global.gtid_executed AS executed",
    );
    await mysql.query("INSERT INTO shop.orders VALUES (2, 'x')");
    await bench.takeFrames(1);
    // Moves back behind the first row, so the second row is sent again.
    const moved = await offsets(
      bench,
      "set",
      "--gtid",
      state?.executed.replace(/\s/g, "") ?? "",
      "--yes",
    );
    expect(moved).toMatchObject({ code: 0, problem: "" });
    await reader.logged("following the binlog", 2);
    const [again] = await bench.takeFrames(1);
    expect(again?.changes.map(({ key }) => key)).toEqual(['{"id":2}']);
    expect(again?.previous).toBeNull();
    expect(again?.epoch).toBeGreaterThan(before?.epoch ?? Infinity);
    expect(again?.life).not.toBe(before?.life);
    expect((before?.last ?? "") < (again?.first ?? "")).toBe(true);
  });

  test("asks for confirmation, and says what is wrong with a position", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    expect(await offsets(bench, "set", "--now")).toMatchObject({
      code: 2,
      problem: expect.stringContaining("--yes"),
    });
    expect(await offsets(bench, "set")).toMatchObject({
      code: 2,
      problem: expect.stringContaining("name a starting point"),
    });
    expect(await offsets(bench, "set", "--gtid", "nonsense")).toMatchObject({
      code: 2,
      problem: expect.stringContaining("not a starting point"),
    });
    expect(await offsets(bench, "set", "--now", "--oldest")).toMatchObject({ code: 2 });
    // The order would forget the offset.
    expect(await offsets(bench, "set", "--file", "bin.000017:4294967296", "--yes")).toMatchObject({
      code: 2,
      problem: expect.stringContaining("offsets -- set --file bin.000017:4`"),
    });
    expect(
      (await new OffsetStore(aws.dynamodb, `${bench.source}-offsets`).load()).newStart,
    ).toBeNull();
  });
});
