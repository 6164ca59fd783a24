import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { GetItemCommand, PutItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import type { Frame } from "../../../wire/frame.ts";
import { formatPosition, parsePosition } from "../../../wire/position.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { idsOf, range, useNumberedOrders } from "../../support/numbered-orders.ts";
import { ReaderBench } from "../../support/reader.ts";

// The offset in the table is of an earlier release. The server may have changed since.

const orders = useNumberedOrders();
const { mysql, insert } = orders;

/** The attributes of the reader's item in the first releases (commits 1531d39 and 781b4ca). */
const FIRST_RELEASES = "id fence beat epoch server run gtidSet file offset lanes committedMs".split(
  " ",
);

/**
 * Reads ten rows, and what `write` writes, and leaves the offset as the first releases saved it, in
 * epoch 1.
 */
async function readByEarlierRelease(
  bench: ReaderBench,
  write: () => Promise<readonly Frame[]> = async () => [],
): Promise<Frame[]> {
  const reader = await bench.start();
  await insert(1, 10);
  const frames = [...(await bench.takeFrames(10)), ...(await write())];
  expect(await reader.stop()).toBe(0);
  const TableName = `${bench.source}-offsets`;
  const item = await savedItem(bench);
  const kept = Object.entries(item).filter(([name]) => FIRST_RELEASES.includes(name));
  const lanes = Object.entries(item["lanes"]?.M ?? {}).map(
    ([lane, { S: position = "" }]): [string, AttributeValue] => [lane, { S: inEpoch1(position) }],
  );
  const old: Record<string, AttributeValue> = {
    ...Object.fromEntries(kept),
    epoch: { N: "1" },
    run: { N: String(binlogFileNumber(item["file"]?.S ?? "")) },
    lanes: { M: Object.fromEntries(lanes) },
  };
  expect(Object.keys(old).toSorted()).toEqual(FIRST_RELEASES.toSorted());
  await orders.aws.dynamodb.send(new PutItemCommand({ TableName, Item: old }));
  return frames;
}

async function savedItem(bench: ReaderBench): Promise<Record<string, AttributeValue>> {
  const { Item: item = {} } = await orders.aws.dynamodb.send(
    new GetItemCommand({
      TableName: `${bench.source}-offsets`,
      Key: { id: { S: "reader" } },
      ConsistentRead: true,
    }),
  );
  return item;
}

/** Waits until the reader has saved that it has read all GTIDs but these. */
async function savedAllBut(bench: ReaderBench, unread: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const [{ rest } = { rest: "?" }] = await mysql.query<{ rest: string }>(
          "SELECT GTID_SUBTRACT(@@global.gtid_executed, ?) AS rest",
          [(await savedItem(bench))["gtidSet"]?.S ?? ""],
        );
        return rest;
      },
      { timeout: 60_000 },
    )
    .toBe(unread);
}

async function executed(): Promise<string> {
  const [{ gtids } = { gtids: "" }] = await mysql.query<{ gtids: string }>(
    "SELECT @@global.gtid_executed AS gtids",
  );
  return gtids;
}

function inEpoch1(position: string): string {
  return formatPosition({ ...parsePosition(position), epoch: 1 });
}

async function expectStop(bench: ReaderBench, name: string): Promise<void> {
  for (const expected of [name, "StillStoppedError"]) {
    const reader = await bench.start("stopped by an error");
    expect(await reader.logged("stopped by an error")).toMatchObject({ error: { name: expected } });
    expect(await reader.exit()).toBe(1);
  }
}

test("the reader continues in its life, without loss or repeat, also behind a definition", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  const before = await readByEarlierRelease(bench, async () => {
    await mysql.query("CREATE TABLE shop.items (id INT PRIMARY KEY)");
    await savedAllBut(bench, "");
    return await bench.receive();
  });
  await insert(11, 20);
  const reader = await bench.start();
  const frames = await bench.takeFrames(10);
  expect(idsOf(frames)).toEqual(range(11, 20));
  expect(frames[0]).toMatchObject({ epoch: 1, previous: inEpoch1(before.at(-1)?.last ?? "") });
  expect(frames[0]).not.toHaveProperty("life");
  await reader.stop();
  await insert(21, 22);
  await bench.start();
  const next = await bench.takeFrames(2);
  expect(idsOf(next)).toEqual([21, 22]);
  expect(next[0]).toMatchObject({ epoch: 1, previous: frames.at(-1)?.last });
});

test("the reader continues in its life behind a prepared XA transaction that was waited for", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  const before = await readByEarlierRelease(bench, async () => {
    const former = await executed();
    const client = await mysql.connect();
    await client.query("XA START 'waits'");
    await client.query("INSERT INTO shop.orders VALUES (50)");
    await client.query("XA END 'waits'");
    await client.query("XA PREPARE 'waits'");
    const [{ prepared } = { prepared: "" }] = await mysql.query<{ prepared: string }>(
      "SELECT GTID_SUBTRACT(@@global.gtid_executed, ?) AS prepared",
      [former],
    );
    await mysql.query("CREATE TABLE shop.items (id INT PRIMARY KEY)");
    await savedAllBut(bench, prepared);
    return await bench.receive();
  });
  await mysql.query("XA COMMIT 'waits'");
  await insert(11, 12);
  const reader = await bench.start();
  const frames = await bench.takeFrames(3);
  expect(idsOf(frames)).toEqual([50, 11, 12]);
  expect(frames[0]).toMatchObject({ epoch: 1, previous: inEpoch1(before.at(-1)?.last ?? "") });
  expect(frames[0]).not.toHaveProperty("life");
  expect(await reader.stop()).toBe(0);
});

test("moved logs with the same names begin a new life, in which the next rows are not repeats", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  const before = await readByEarlierRelease(bench);
  const last = inEpoch1(before.at(-1)?.last ?? "");
  const [{ base } = { base: "" }] = await mysql.query<{ base: string }>(
    "SELECT @@global.log_bin_basename AS base",
  );
  const directory = await mkdtemp(join(tmpdir(), "moved-logs-"));
  const moved = { log_bin: join(directory, basename(base)) };
  await mysql.server.restart({ variables: moved });
  // A file with the number of the last one that was read, in which less was written.
  for (let file = 1; file < parsePosition(last).file; file++)
    await mysql.query("FLUSH BINARY LOGS");
  await insert(11, 12);
  await bench.start();
  const frames = await bench.takeFrames(2);
  expect(idsOf(frames)).toEqual([11, 12]);
  expect(frames[0]?.previous).toBe(last);
  expect((frames[0]?.first ?? "") > last).toBe(true);
  expect(inEpoch1(frames[0]?.first ?? "") > last).toBe(false);
  expect(frames[0]?.life).toBeTypeOf("string");
  await mysql.server.restart({ variables: { log_bin: base } });
  await rm(directory, { recursive: true });
});

test("a reset server that has used the GTIDs again stops the reader until an operator acts", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  await readByEarlierRelease(bench);
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await insert(11, 60);
  await expectStop(bench, "HistoryMismatchError");
});

test("a reset server that has used fewer GTIDs stops the reader until an operator acts", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  await readByEarlierRelease(bench);
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await insert(11, 13);
  await expectStop(bench, "HistoryMismatchError");
});

/** The values of `gtid_mode`, step by step. */
const MODES = ["ON", "ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"];

async function turn(modes: readonly string[]): Promise<void> {
  for (const mode of modes) await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
}

/** Waits until a binlog file that begins now is certainly younger than what was committed. */
async function laterSecond(): Promise<void> {
  const [{ from } = { from: 0 }] = await mysql.query<{ from: number }>(
    "SELECT UNIX_TIMESTAMP() + 3 AS `from`",
  );
  await expect
    .poll(() => mysql.query("SELECT 1 FROM DUAL WHERE UNIX_TIMESTAMP() >= ?", [from]), {
      timeout: 60_000,
    })
    .toHaveLength(1);
}

test("transactions without a GTID that a dump behind its GTIDs would pass over stop the reader, and are read in ON_PERMISSIVE", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server);
  await readByEarlierRelease(bench);
  await turn(["ON_PERMISSIVE", "OFF_PERMISSIVE"]);
  await insert(11, 13);
  await turn(["ON_PERMISSIVE", "ON"]);
  await insert(14, 15);
  await expectStop(bench, "AnonymousTransactionsError");
  await turn(["ON_PERMISSIVE"]);
  const stack = stackFileOf(orders.aws, tablesOf(bench));
  expect(await binlogRouterOn(stack, "offsets", "continue", "--yes")).toMatchObject({ code: 0 });
  const reader = await bench.start();
  const frames = await bench.takeFrames(5);
  expect(idsOf(frames)).toEqual(range(11, 15));
  expect(frames[0]).toMatchObject({ epoch: 1 });
  expect(await reader.stop()).toBe(0);
  await turn(["ON"]);
});

describe("without GTIDs", () => {
  beforeAll(() => turn(MODES));
  afterAll(() => turn(MODES.toReversed()));

  test("the reader continues in its life, without loss or repeat", async () => {
    await using bench = await ReaderBench.create(orders.aws, mysql.server);
    const before = await readByEarlierRelease(bench);
    await insert(11, 20);
    await bench.start();
    const frames = await bench.takeFrames(10);
    expect(idsOf(frames)).toEqual(range(11, 20));
    expect(frames[0]).toMatchObject({ epoch: 1, previous: inEpoch1(before.at(-1)?.last ?? "") });
    expect(frames[0]).not.toHaveProperty("life");
  });

  test("the reader continues in its life at an XA transaction that was prepared before anything was committed in its file", async () => {
    await using bench = await ReaderBench.create(orders.aws, mysql.server);
    const before = await readByEarlierRelease(bench, async () => {
      await laterSecond();
      await mysql.query("FLUSH BINARY LOGS");
      await mysql.query("FLUSH BINARY LOGS");
      const client = await mysql.connect();
      await client.query("XA START 'waits'");
      await client.query("INSERT INTO shop.orders VALUES (50)");
      await client.query("XA END 'waits'");
      await client.query("XA PREPARE 'waits'");
      const waiting = async () => (await savedItem(bench))["waiting"]?.M;
      await expect.poll(waiting, { timeout: 60_000 }).toBeDefined();
      return await bench.receive();
    });
    await mysql.query("XA COMMIT 'waits'");
    await insert(11, 12);
    await bench.start();
    const frames = await bench.takeFrames(3);
    expect(idsOf(frames)).toEqual([50, 11, 12]);
    expect(frames[0]).toMatchObject({ epoch: 1, previous: inEpoch1(before.at(-1)?.last ?? "") });
    expect(frames[0]).not.toHaveProperty("life");
  });

  test("a history that an operator has confirmed stays confirmed until something was read", async () => {
    await using bench = await ReaderBench.create(orders.aws, mysql.server);
    const before = await readByEarlierRelease(bench);
    const TableName = `${bench.source}-offsets`;
    const Item = { ...(await savedItem(bench)), committedMs: { N: "0" } };
    await orders.aws.dynamodb.send(new PutItemCommand({ TableName, Item }));
    await expectStop(bench, "HistoryMismatchError");
    const stack = stackFileOf(orders.aws, tablesOf(bench));
    expect(await binlogRouterOn(stack, "offsets", "continue", "--yes")).toMatchObject({ code: 0 });
    for (let start = 1; start <= 2; start++) expect(await (await bench.start()).stop()).toBe(0);
    await bench.start();
    await insert(11, 13);
    const frames = await bench.takeFrames(3);
    expect(idsOf(frames)).toEqual(range(11, 13));
    expect(frames[0]).toMatchObject({ epoch: 1, previous: inEpoch1(before.at(-1)?.last ?? "") });
  });

  test("a reset server with a file of the same name stops the reader until an operator acts", async () => {
    await using bench = await ReaderBench.create(orders.aws, mysql.server);
    await readByEarlierRelease(bench);
    const file = (await savedItem(bench))["file"]?.S ?? "";
    await laterSecond();
    await mysql.query("RESET BINARY LOGS AND GTIDS");
    for (let number = 1; number < binlogFileNumber(file); number++)
      await mysql.query("FLUSH BINARY LOGS");
    await insert(11, 60);
    await expectStop(bench, "HistoryMismatchError");
  });
});
