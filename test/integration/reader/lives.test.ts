import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteTableCommand,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createConnection } from "mysql2/promise";
import { expect, test, vi } from "vitest";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { decodeFrame } from "../../../wire/decode-frame.ts";
import { unpackFrame } from "../../../wire/frame-body.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { Replica } from "../../support/replica.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { idsOf, range, useNumberedOrders } from "../../support/numbered-orders.ts";
import { ReaderBench, type ReaderProcess, SHORT_LEASE } from "../../support/reader.ts";

// The binlog's coordinates start over while the reader runs or is away. Either every row arrives,
// or the reader stops and stays stopped.

const orders = useNumberedOrders();
const { mysql, insert } = orders;

const SWEEPS = { SWEEP_SECONDS: "1" };

async function take(bench: ReaderBench, changes: number): Promise<number[]> {
  return idsOf(await bench.takeFrames(changes));
}

/** The error with which a reader stops. */
async function stopOf(reader: ReaderProcess): Promise<{ name?: string; message?: string }> {
  const line = await reader.logged("stopped by an error");
  expect(await reader.exit()).toBe(1);
  return line["error"] as { name?: string; message?: string };
}

/** Checks that a new reader stops at once because of the recorded stop. */
async function expectStillStopped(bench: ReaderBench): Promise<void> {
  const error = await stopOf(await bench.start("stopped by an error"));
  expect(error).toMatchObject({ name: "StillStoppedError" });
}

async function binlogFiles(): Promise<string[]> {
  const rows = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  return rows.map(({ Log_name: name }) => name);
}

function storeOf(bench: ReaderBench): OffsetStore {
  return new OffsetStore(orders.aws.dynamodb, `${bench.source}-offsets`);
}

/** Replaces attributes of the saved offset. */
async function editOffset(
  bench: ReaderBench,
  attributes: Record<string, AttributeValue>,
): Promise<void> {
  const TableName = `${bench.source}-offsets`;
  const Key = { id: { S: "reader" } };
  const { Item: item } = await orders.aws.dynamodb.send(new GetItemCommand({ TableName, Key }));
  await orders.aws.dynamodb.send(
    new PutItemCommand({ TableName, Item: { ...item, ...attributes } }),
  );
}

test("RESET BINARY LOGS AND GTIDS stops a running reader until an operator acts", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 20);
  expect(await take(bench, 20)).toEqual(range(1, 20));
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await insert(21, 22);
  expect(await stopOf(reader)).toMatchObject({ name: "HistoryMismatchError" });
  // As many transactions as before the reset, so that a check of the current state alone would miss
  // it.
  await insert(23, 60);
  await expectStillStopped(bench);
  expect((await storeOf(bench).load()).stop).toMatchObject({ isKept: true });

  const store = storeOf(bench);
  expect(await store.startAnew(await store.load(), { kind: "oldest" })).toBe(true);
  await bench.start();
  expect(await take(bench, 40)).toEqual(range(21, 60));
});

test("RESET between a killed reader and its standby stops the standby until an operator acts", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 5);
  expect(await take(bench, 5)).toEqual(range(1, 5));
  const standby = await bench.start(
    "another reader holds this source; waiting as its standby",
    SHORT_LEASE,
  );
  await reader.kill();
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await insert(6, 7);
  expect(await stopOf(standby)).toMatchObject({ name: "HistoryMismatchError" });
  await insert(8, 60);
  await expectStillStopped(bench);
});

test("RESET with the same GTIDs while the reader is stopped stops the next reader until an operator confirms the history", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 10);
  expect(await take(bench, 10)).toEqual(range(1, 10));
  await reader.stop();
  const [before] = await mysql.query<{ executed: string }>(
    "SELECT @@global.gtid_executed AS executed",
  );
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await mysql.query("SET GLOBAL gtid_purged = ?", [before?.executed]);
  await insert(11, 15);
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "HistoryUnprovenError",
    message: expect.stringContaining("offsets -- continue"),
  });
  await expectStillStopped(bench);
  const store = storeOf(bench);
  expect(await store.vouch(await store.load())).toBe(true);
  await bench.start();
  expect(await take(bench, 5)).toEqual(range(11, 15));
});

test("a reader goes on at its offset while the last commit that it read waits for a semi-synchronous replica", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  const reader = await bench.start();
  await insert(1, 2);
  expect(await take(bench, 2)).toEqual([1, 2]);
  await mysql.query("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'");
  await mysql.query("SET GLOBAL rpl_semi_sync_source_timeout = 600000");
  await mysql.query("SET GLOBAL rpl_semi_sync_source_enabled = 1");
  const waits = (await mysql.connect()).query("INSERT INTO shop.orders VALUES (3)");
  try {
    expect(await take(bench, 1)).toEqual([3]);
    await reader.stop();
    const { offset } = await storeOf(bench).load();
    const [executed] = await mysql.query<{ lacks: string }>(
      "SELECT GTID_SUBTRACT(?, @@global.gtid_executed) AS lacks",
      [offset?.gtidSet],
    );
    expect(executed?.lacks).not.toBe("");
    await bench.start();
  } finally {
    await mysql.query("SET GLOBAL rpl_semi_sync_source_enabled = 0");
    await waits;
    await mysql.query("UNINSTALL PLUGIN rpl_semi_sync_source");
  }
  await insert(4, 5);
  expect(await take(bench, 2)).toEqual([4, 5]);
});

test("new logs under another name stop the reader, which continues without loss when an operator confirms the history", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 10);
  const before = await bench.takeFrames(10);
  await reader.stop();
  await mysql.server.restart({ variables: { log_bin: "moved" } });
  await insert(11, 20);
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "HistoryUnprovenError",
  });
  const store = storeOf(bench);
  await store.vouch(await store.load());
  await bench.start();
  const after = await bench.takeFrames(10);
  expect(idsOf(after)).toEqual(range(11, 20));
  // File numbers started over: only the new life makes these positions later.
  expect((before.at(-1)?.last ?? "") < (after[0]?.first ?? "")).toBe(true);
  expect(after[0]?.life).not.toBe(before[0]?.life);
  expect(after[0]?.previous).toBe(before.at(-1)?.last);
});

test("logs that go on under another name in the same index stop the reader at the move, and it continues there", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 5);
  expect(await take(bench, 5)).toEqual(range(1, 5));
  await reader.stop();
  await insert(6, 9);
  const [{ index } = { index: "" }] = await mysql.query<{ index: string }>(
    "SELECT @@global.log_bin_index AS `index`",
  );
  await mysql.server.restart({ variables: { log_bin: "elsewhere", log_bin_index: index } });
  await insert(10, 15);
  const first = (await binlogFiles()).find((file) => file.startsWith("elsewhere.")) ?? "";
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "BinlogGapError",
    message: expect.stringContaining(`continues with ${first}`),
  });
  await expectStillStopped(bench);
  expect(await take(bench, 4)).toEqual(range(6, 9));
  const stack = stackFileOf(orders.aws, tablesOf(bench));
  const set = await binlogRouterOn(stack, "offsets", "set", "--file", `${first}:4`, "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
  await bench.start();
  expect(await take(bench, 6)).toEqual(range(10, 15));
});

test("a data directory restored from a copy stops the reader, even if its GTIDs are used again", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  await insert(1, 5);
  await mysql.server.stop();
  const copy = `${mysql.server.dataDir}-copy`;
  await cp(mysql.server.dataDir, copy, { recursive: true });
  await mysql.server.start();
  const reader = await bench.start();
  await insert(6, 15);
  expect(await take(bench, 10)).toEqual(range(6, 15));
  await reader.stop();

  await mysql.server.stop();
  await rm(mysql.server.dataDir, { recursive: true });
  await cp(copy, mysql.server.dataDir, { recursive: true });
  await rm(copy, { recursive: true });
  await mysql.server.start();
  await insert(6, 40);
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "HistoryMismatchError",
  });
  await expectStillStopped(bench);
});

test("a file that is missing in the binlog's index stops the reader at the end of the previous file", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 3);
  expect(await take(bench, 3)).toEqual(range(1, 3));
  await reader.stop();
  await mysql.query("FLUSH BINARY LOGS");
  await insert(4, 6);
  await mysql.query("FLUSH BINARY LOGS");
  await insert(7, 9);
  const files = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  const [missing = "", next = ""] = files.slice(-2).map(({ Log_name }) => Log_name);
  // An earlier test may have changed the name of the logs.
  const [{ index } = { index: "" }] = await mysql.query<{ index: string }>(
    "SELECT @@global.log_bin_index AS `index`",
  );
  await mysql.server.stop();
  const lines = (await readFile(index, "utf8")).split("\n");
  const line = lines.findIndex((name) => name.endsWith(missing));
  await writeFile(index, lines.toSpliced(line, 1).join("\n"));
  await mysql.server.start();
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "BinlogGapError",
    message: expect.stringContaining(`lacks ${missing}`),
  });
  await expectStillStopped(bench);

  // Restores the line in the index, so that no file is missing.
  await mysql.server.stop();
  const present = (await readFile(index, "utf8")).split("\n");
  const place = present.findIndex((name) => name.endsWith(next));
  await writeFile(index, present.toSpliced(place, 0, lines[line] ?? "").join("\n"));
  await mysql.server.start();
  const store = storeOf(bench);
  expect(await store.vouch(await store.load())).toBe(true);
  await bench.start();
  expect(await take(bench, 6)).toEqual(range(4, 9));
});

test("numbers that a killed server skipped because of a stray file are not a gap, but those of a missing file are", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 3);
  expect(await take(bench, 3)).toEqual(range(1, 3));
  await reader.stop();
  const [{ base, index } = { base: "", index: "" }] = await mysql.query<{
    base: string;
    index: string;
  }>("SELECT @@global.log_bin_basename AS base, @@global.log_bin_index AS `index`");
  const last = (await binlogFiles()).at(-1) ?? "";
  const stray = `${base}.${String(binlogFileNumber(last) + 20).padStart(6, "0")}`;
  await writeFile(stray, "");
  await mysql.server.restart({ hard: true });
  expect(binlogFileNumber((await binlogFiles()).at(-1) ?? "")).toBe(binlogFileNumber(stray) + 1);
  await insert(4, 6);
  const next = await bench.start();
  expect(await take(bench, 3)).toEqual(range(4, 6));
  await next.stop();
  await rm(stray);

  await mysql.server.restart({ hard: true });
  const missing = (await binlogFiles()).at(-1) ?? "";
  await insert(7, 9);
  await mysql.server.restart({ hard: true });
  await insert(10, 12);
  await mysql.server.stop();
  const lines = (await readFile(index, "utf8")).split("\n");
  await writeFile(index, lines.filter((name) => !name.endsWith(missing)).join("\n"));
  await mysql.server.start();
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "BinlogGapError",
    message: expect.stringContaining(`lacks ${missing}`),
  });
});

test("the reader follows while gtid_mode is switched off and on step by step, with writes at each step", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  let reader = await bench.start();
  let id = 0;
  const steps = ["ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"];
  for (const mode of steps) {
    await reader.stop();
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
    await insert(id + 1, id + 4);
    reader = await bench.start();
    await insert(id + 5, id + 6);
    expect(await take(bench, 6)).toEqual(range(id + 1, id + 6));
    id += 6;
  }
  await reader.stop();
  expect((await storeOf(bench).load()).offset?.gtidSet).not.toBeNull();
});

test("behind an offset that no dump can request, the reader reads again and loses and repeats nothing", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  let reader = await bench.start();
  await insert(1, 5);
  const read = (await bench.takeFrames(5)).at(-1);
  await reader.stop();
  const offset = { N: String(2 ** 32 + 1000) };
  await editOffset(bench, { offset });
  await insert(6, 8);
  await mysql.query("FLUSH BINARY LOGS");
  await insert(9, 10);
  reader = await bench.start();
  const frames = await bench.takeFrames(5);
  expect(idsOf(frames)).toEqual(range(6, 10));
  expect(frames[0]).toMatchObject({ life: read?.life, previous: read?.last });
  await reader.stop();
  // An earlier release also saved anchors beyond 4 GiB. Then the GTIDs prove the history.
  const { anchor } = (await storeOf(bench).load()).offset ?? {};
  const far = { gtid: { S: anchor?.gtid ?? "" }, committedUs: { N: String(anchor?.committedUs) } };
  const file = { S: anchor?.file ?? "" };
  await editOffset(bench, { offset, anchor: { M: { ...far, file, start: offset } } });
  await insert(11, 12);
  await bench.start();
  const after = await bench.takeFrames(2);
  expect(idsOf(after)).toEqual([11, 12]);
  expect(after[0]?.life).not.toBe(read?.life);
});

test("transactions without a GTID are read after all when gtid_mode was turned ON too early and goes back", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  let reader = await bench.start();
  await insert(1, 3);
  expect(await take(bench, 3)).toEqual(range(1, 3));
  await reader.stop();
  for (const mode of ["ON_PERMISSIVE", "OFF_PERMISSIVE"])
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  await insert(4, 6);
  for (const mode of ["ON_PERMISSIVE", "ON"]) await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  await insert(7, 9);
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "BinlogRefusedError",
    message: expect.stringContaining("SET GLOBAL gtid_mode = ON_PERMISSIVE"),
  });
  await mysql.query("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  reader = await bench.start();
  expect(await take(bench, 6)).toEqual(range(4, 9));
  await reader.stop();
  await mysql.query("SET GLOBAL gtid_mode = ON");
});

test("an ordered start behind GTIDs stops at transactions without one that it would pass over, and the remedy reads them", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const executed = async (): Promise<string> => {
    const [row] = await mysql.query<{ set: string }>("SELECT @@global.gtid_executed AS `set`");
    return row?.set.replace(/\s/g, "") ?? "";
  };
  let reader = await bench.start();
  await insert(1, 3);
  expect(await take(bench, 3)).toEqual(range(1, 3));
  await reader.stop();
  const read = await executed();
  const file = (await binlogFiles()).at(-1);
  const connection = await mysql.connect();
  await connection.query("SET gtid_next = 'AUTOMATIC:br_x'");
  await connection.query("INSERT INTO shop.orders VALUES (4)");
  await connection.query("SET gtid_next = 'AUTOMATIC'");
  const behind = await executed();
  const [{ past } = { past: "" }] = await mysql.query<{ past: string }>(
    "SELECT GTID_SUBTRACT(?, ?) AS past",
    [behind, read],
  );
  for (const mode of ["ON_PERMISSIVE", "OFF_PERMISSIVE"])
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  await insert(5, 6);
  for (const mode of ["ON_PERMISSIVE", "ON"]) await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  await insert(7, 9);

  const stack = stackFileOf(orders.aws, tablesOf(bench));
  const set = (...start: string[]): Promise<unknown> =>
    binlogRouterOn(stack, "offsets", "set", ...start, "--yes");
  for (const start of [
    ["--past", past],
    ["--gtid", behind],
  ]) {
    expect(await set(...start)).toMatchObject({ code: 0 });
    expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
      name: "AnonymousTransactionsError",
      message: expect.stringContaining(`offsets -- set --file ${file}:4`),
    });
  }
  // An operator may decide to do without them.
  expect(await binlogRouterOn(stack, "offsets", "continue", "--yes")).toMatchObject({ code: 0 });
  reader = await bench.start();
  expect(await take(bench, 3)).toEqual(range(7, 9));
  await reader.stop();

  await mysql.query("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  expect(await set("--file", `${file}:4`)).toMatchObject({ code: 0 });
  reader = await bench.start();
  const ids = idsOf(await bench.takeFrames(9));
  expect(ids.slice(-9)).toEqual(range(1, 9));
  await reader.stop();
  await mysql.query("SET GLOBAL gtid_mode = ON");
});

test("without GTIDs, an operator cannot confirm a position at which another transaction stands", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  for (const mode of ["ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"])
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  // So that transactions in the moved log stand at the same positions.
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  const reader = await bench.start();
  await insert(1, 5);
  expect(await take(bench, 5)).toEqual(range(1, 5));
  await reader.stop();
  // An earlier test may have changed the name of the index.
  const [present] = await mysql.query<{ log_bin: string; log_bin_index: string }>(
    "SELECT @@global.log_bin_basename AS log_bin, @@global.log_bin_index AS log_bin_index",
  );
  const directory = await mkdtemp(join(tmpdir(), "moved-logs-"));
  const log_bin = join(directory, basename(present?.log_bin ?? ""));
  const moved = { log_bin, log_bin_index: `${log_bin}.index`, gtid_mode: "OFF" };
  await mysql.server.restart({ variables: moved });
  const store = storeOf(bench);
  const { file = "" } = (await store.load()).offset ?? {};
  for (let number = 1; number < binlogFileNumber(file); number++)
    await mysql.query("FLUSH BINARY LOGS");
  await insert(6, 60);
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "HistoryMismatchError",
    message: expect.stringContaining("its logs were moved"),
  });
  expect(await store.vouch(await store.load())).toBe(true);
  expect(await stopOf(await bench.start("stopped by an error"))).toMatchObject({
    name: "HistoryMismatchError",
  });
  const stack = stackFileOf(orders.aws, tablesOf(bench));
  expect(await binlogRouterOn(stack, "offsets", "set", "--oldest", "--yes")).toMatchObject({
    code: 0,
  });
  await bench.start();
  expect(await take(bench, 55)).toEqual(range(6, 60));
  await mysql.server.restart({ variables: { ...present, gtid_mode: "ON" } });
  await rm(directory, { recursive: true });
});

test("a start at a file and offset knows the GTIDs before it", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  await insert(1, 3);
  const [at] = await mysql.query<{ File: string; Position: number; Executed_Gtid_Set: string }>(
    "SHOW BINARY LOG STATUS",
  );
  await insert(4, 6);
  const reader = await bench.start(undefined, {
    SOURCE_START: `file:${at?.File}:${at?.Position}`,
  });
  expect(await take(bench, 3)).toEqual(range(4, 6));
  await reader.stop();
  const [now] = await mysql.query<{ executed: string }>(
    "SELECT @@global.gtid_executed AS executed",
  );
  const saved = (await storeOf(bench).load()).offset?.gtidSet;
  expect(saved).toBe(now?.executed.replace(/\s/g, ""));
});

test("after an older offset is restored the route function recognises every repeat", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const replica = new Replica(bench.source, () => undefined);
  let sent = 0;
  const routed = async (changes: number): Promise<void> => {
    for (let taken = 0; taken < changes;) {
      for (const packed of await bench.receiveTexts()) {
        const text = await unpackFrame(packed);
        replica.take(text);
        sent += decodeFrame(text).changes.length;
        taken += decodeFrame(text).changes.length;
      }
    }
  };
  const key = { TableName: `${bench.source}-offsets`, Key: { id: { S: "reader" } } };
  let reader = await bench.start();
  await insert(1, 10);
  await routed(10);
  await reader.stop();
  const { Item: older = {} } = await orders.aws.dynamodb.send(new GetItemCommand(key));
  reader = await bench.start();
  await insert(11, 20);
  await routed(10);
  await reader.stop();
  expect(sent).toBe(20);

  await orders.aws.dynamodb.send(new PutItemCommand({ TableName: key.TableName, Item: older }));
  await insert(21, 25);
  await bench.start();
  await routed(15);
  expect(replica.violations).toEqual([]);
  expect(replica.changes).toBe(25);
  expect(sent).toBeGreaterThan(25);
});

// Takes half a minute; the nightly workflow runs it.
const isNightly = process.env["COPIED_SERVER"] === "1";
test.skipIf(!isNightly)(
  "a copy of the server with the same uuid stops a running reader",
  async () => {
    await using proxy = await TcpProxy.listen(mysql.server);
    const address = { ...accountOf(mysql.server), host: "127.0.0.1", port: proxy.port };
    await using bench = await ReaderBench.create(orders.aws, address, SWEEPS);
    await mysql.server.stop();
    const home = await mkdtemp(join(tmpdir(), "binlog-router-copy-"));
    const dataDir = join(home, "data");
    await cp(mysql.server.dataDir, dataDir, { recursive: true });
    await mysql.server.start();
    // An earlier test may have changed the name of the logs.
    const [{ base } = { base: "" }] = await mysql.query<{ base: string }>(
      "SELECT @@global.log_bin_basename AS base",
    );
    await using copy = await startMysqlServer({
      dataDir,
      password: mysql.server.password,
      variables: { log_bin: basename(base) },
    });

    // The same files and positions exist on both servers: only the commit times distinguish them.
    const reader = await bench.start();
    await insert(4, 9);
    expect(await take(bench, 6)).toEqual(range(4, 9));
    // The anchor must be saved first; otherwise the reader would take the copy's.
    const store = storeOf(bench);
    const anchor = async () => (await store.load()).offset?.anchor;
    await expect.poll(anchor, { timeout: 60_000 }).toMatchObject({ begunS: null });
    const administrator = await createConnection(accountOf(copy));
    for (let id = 4; id < 15; id++)
      await administrator.query("INSERT INTO shop.orders VALUES (?)", [id]);
    await administrator.end();
    proxy.leadTo(copy);
    proxy.cut();
    expect(await stopOf(reader)).toMatchObject({ name: "HistoryMismatchError" });
    proxy.leadTo(mysql.server);
    expect(await store.vouch(await store.load())).toBe(true);
    await bench.start();
    await insert(10, 12);
    expect(await take(bench, 3)).toEqual(range(10, 12));
    await rm(home, { recursive: true });
  },
);

function accountOf({ host, port, user, password }: MysqlServer) {
  return { host, port, user, password };
}

test("with an offsets table restored from a backup the reader continues from the backup, in a new life", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, SWEEPS);
  const reader = await bench.start();
  await insert(1, 10);
  const before = await bench.takeFrames(10);
  await reader.stop();
  const TableName = `${bench.source}-offsets`;
  const { Item: backup = {} } = await orders.aws.dynamodb.send(
    new GetItemCommand({ TableName, Key: { id: { S: "reader" } } }),
  );
  const later = await bench.start();
  await insert(11, 15);
  expect(await take(bench, 5)).toEqual(range(11, 15));
  await later.stop();

  await orders.aws.dynamodb.send(new DeleteTableCommand({ TableName }));
  const made = new CreateTableCommand({
    TableName,
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  await vi.waitFor(() => orders.aws.dynamodb.send(made), 60_000);
  await orders.aws.dynamodb.send(new PutItemCommand({ TableName, Item: backup }));
  await insert(16, 20);
  const again = await bench.start();
  const frames = await bench.takeFrames(10);
  expect(idsOf(frames)).toEqual(range(11, 20));
  expect(frames[0]?.life).not.toBe(before[0]?.life);
  expect(frames[0]?.previous).toBe(before.at(-1)?.last);
  expect((frames[0]?.first ?? "") > (before.at(-1)?.last ?? "")).toBe(true);
  // The server is no longer treated as a copy.
  await again.stop();
  await insert(21, 22);
  await bench.start();
  const [next] = await bench.takeFrames(2);
  expect(next?.life).toBe(frames[0]?.life);
});
