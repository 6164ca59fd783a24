import { stat, truncate } from "node:fs/promises";
import { expect, test } from "vitest";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { type TestMysql, useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { idsOf, range, useNumberedOrders } from "../../support/numbered-orders.ts";
import { ReaderBench } from "../../support/reader.ts";

// Transactions that the server has executed and that none of its binlog files contains.

const orders = useNumberedOrders();
const { mysql, insert } = orders;
const replica = useMysql({ variables: { server_id: 2, log_replica_updates: "OFF" } });

/** The end of the binlog: the file with its directory, and the offset. */
async function binlogEnd(): Promise<{ readonly path: string; readonly offset: number }> {
  const [end] = await mysql.query<{ File: string; Position: number }>("SHOW BINARY LOG STATUS");
  const [log] = await mysql.query<{ base: string }>("SELECT @@global.log_bin_basename AS base");
  const number = end?.File.split(".").at(-1);
  return { path: `${log?.base}.${number}`, offset: end?.Position ?? 0 };
}

async function gtids(
  name: "gtid_executed" | "gtid_purged",
  server: TestMysql = mysql,
): Promise<string> {
  const [row] = await server.query<{ value: string }>(`SELECT @@global.${name} AS value`);
  return row?.value.replace(/\s/g, "") ?? "";
}

async function subtract(set: string, others: string): Promise<string> {
  const [row] = await mysql.query<{ rest: string }>("SELECT GTID_SUBTRACT(?, ?) AS rest", [
    set,
    others,
  ]);
  return row?.rest.replace(/\s/g, "") ?? "";
}

async function expectStopped(bench: ReaderBench, error: object): Promise<void> {
  const reader = await bench.start("stopped by an error");
  expect(await reader.logged("stopped by an error")).toMatchObject({ error });
  expect(await reader.exit()).toBe(1);
}

async function goOn(bench: ReaderBench): Promise<void> {
  const stack = stackFileOf(orders.aws, tablesOf(bench));
  const goesOn = await binlogRouterOn(stack, "offsets", "continue", "--yes");
  expect(goesOn).toMatchObject({ code: 0, problem: "" });
}

test("what a replica applies without logging it does not stop a reader of the replica's own changes", async () => {
  await mysql.query("CREATE USER replica IDENTIFIED WITH caching_sha2_password BY 'replica'");
  await mysql.query("GRANT REPLICATION SLAVE ON *.* TO replica");
  await replica.query(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${mysql.server.port},
     SOURCE_USER = 'replica', SOURCE_PASSWORD = 'replica', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
  );
  await replica.query("START REPLICA");
  const reached = (id: number): Promise<void> =>
    expect
      .poll(() => replica.query("SELECT id FROM shop.orders WHERE id = ?", [id]), {
        timeout: 60_000,
      })
      .toHaveLength(1);
  await insert(101, 101);
  await reached(101);

  await using bench = await ReaderBench.create(orders.aws, replica.server);
  let reader = await bench.start();
  await replica.query("INSERT INTO shop.orders VALUES (1), (2)");
  expect(idsOf(await bench.takeFrames(2))).toEqual([1, 2]);
  expect(await reader.stop()).toBe(0);
  const purged = await gtids("gtid_purged", replica);
  await insert(102, 103);
  await reached(103);
  expect(await subtract(await gtids("gtid_purged", replica), purged)).not.toBe("");
  await replica.query("INSERT INTO shop.orders VALUES (3), (4)");
  reader = await bench.start();
  expect(idsOf(await bench.takeFrames(2))).toEqual([3, 4]);
  expect(await reader.stop()).toBe(0);
  await replica.query("STOP REPLICA");
});

test("transactions that a crash has taken from the binlog, but not from the tables, stop the reader, which names them", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  const reader = await bench.start();
  await insert(1, 10);
  expect(idsOf(await bench.takeFrames(10))).toEqual(range(1, 10));
  expect(await reader.stop()).toBe(0);
  await insert(11, 15);
  const kept = await binlogEnd();
  const logged = await gtids("gtid_executed");
  // What is committed is in the tables after a crash.
  await mysql.query("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
  await insert(16, 20);
  await mysql.server.kill();
  // sync_binlog is 0: a power loss takes what the system has not written to the disk.
  expect((await stat(kept.path)).size).toBeGreaterThan(kept.offset);
  await truncate(kept.path, kept.offset);
  await mysql.server.start();
  const lost = await subtract(await gtids("gtid_purged"), logged);
  expect(lost).not.toBe("");
  const rows = await mysql.query<{ id: number }>("SELECT id FROM shop.orders ORDER BY id");
  expect(rows.length).toBeGreaterThan(15);
  const next = rows.length + 1;
  await insert(next, 25);

  await expectStopped(bench, {
    name: "UnloggedTransactionsError",
    message: expect.stringContaining(lost),
  });
  await expectStopped(bench, { name: "StillStoppedError" });
  await goOn(bench);
  const again = await bench.start();
  const delivered = [...range(11, 15), ...range(next, 25)];
  expect(idsOf(await bench.takeFrames(delivered.length))).toEqual(delivered);
  expect(await again.stop()).toBe(0);
  const { offset } = await new OffsetStore(orders.aws.dynamodb, `${bench.source}-offsets`).load();
  expect(await subtract(lost, offset?.gtidSet ?? "")).toBe("");
});

test("a GTID set that was added to gtid_purged by hand stops the reader once, until an operator goes on", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  let reader = await bench.start();
  await insert(1, 3);
  expect(idsOf(await bench.takeFrames(3))).toEqual(range(1, 3));
  expect(await reader.stop()).toBe(0);
  const foreign = "5441fac8-71ca-11e1-9e33-c80aa9429562:1-7";
  await mysql.query("SET GLOBAL gtid_purged = ?", [`+${foreign}`]);
  await insert(4, 6);
  await expectStopped(bench, {
    name: "UnloggedTransactionsError",
    message: expect.stringContaining(`contains them: ${foreign}.`),
  });
  await goOn(bench);
  for (const [first, last] of [
    [4, 6],
    [7, 8],
  ] as const) {
    reader = await bench.start();
    if (last > 6) await insert(first, last);
    expect(idsOf(await bench.takeFrames(last - first + 1))).toEqual(range(first, last));
    expect(await reader.stop()).toBe(0);
  }
});

test("binlog files that were purged after they were read do not stop the reader, whatever gtid_mode is", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  let id = 0;
  for (const mode of ["ON", "ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"]) {
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
    const purged = await gtids("gtid_purged");
    const reader = await bench.start();
    await insert(id + 1, id + 2);
    await mysql.query("FLUSH BINARY LOGS");
    await insert(id + 3, id + 4);
    expect(idsOf(await bench.takeFrames(4))).toEqual(range(id + 1, id + 4));
    expect(await reader.stop()).toBe(0);
    const [end] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
    await mysql.query("PURGE BINARY LOGS TO ?", [end?.File]);
    if (mode.startsWith("ON"))
      expect(await subtract(await gtids("gtid_purged"), purged)).not.toBe("");
    id += 4;
  }
  for (const mode of ["OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"])
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
});
