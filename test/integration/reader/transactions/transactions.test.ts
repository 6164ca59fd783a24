import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { beforeEach, expect, test } from "vitest";
import { decodeFrame } from "../../../../wire/decode-frame.ts";
import type { Frame } from "../../../../wire/frame.ts";
import { unpackFrame } from "../../../../wire/frame-body.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, type ReaderProcess } from "../../../support/reader.ts";

const MIB = 1024 * 1024;

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  aws.faults.clear();
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query(
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(200), body LONGTEXT)",
  );
});

/** Samples a reader's memory until disposed of; `peak` is in bytes. */
function watchMemory(reader: ReaderProcess): AsyncDisposable & { peak: number } {
  const stop = new AbortController();
  const watch = {
    peak: 0,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
  const watching = (async () => {
    while (!stop.signal.aborted) {
      watch.peak = Math.max(watch.peak, await reader.memory());
      await delay(50);
    }
  })();
  return watch;
}

/**
 * The ids of the inserted rows, in order. Checks that each position is later than the one before.
 */
function insertedIds(frames: readonly Frame[]): number[] {
  for (let i = 1; i < frames.length; i++) expect(frames[i]?.previous).toBe(frames[i - 1]?.last);
  return frames.flatMap(({ changes }) =>
    changes.flatMap(({ op, key }) => (op === "c" ? [(JSON.parse(key) as { id: number }).id] : [])),
  );
}

const SEQUENCE =
  "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ?) SELECT n, REPEAT('x', 60), NULL FROM s";

test.each([["OFF"], ["ON"]])(
  "a transaction of 1,000,000 rows is read in less than 300 MB, with binlog_transaction_compression %s",
  { timeout: 300_000 },
  async (compression) => {
    const rows = 1_000_000;
    await using bench = await ReaderBench.create(aws, mysql.server);
    const reader = await bench.start();
    const connection = await mysql.connect();
    await connection.query("SET SESSION cte_max_recursion_depth = ?", [rows]);
    await connection.query(`SET SESSION binlog_transaction_compression = ${compression}`);
    await using memory = watchMemory(reader);
    await connection.query(`INSERT INTO shop.orders ${SEQUENCE}`, [rows]);
    const startedMs = performance.now();
    const frames = await bench.takeFrames(rows);
    const ids = insertedIds(frames);
    expect(ids).toHaveLength(rows);
    expect(ids.every((id, i) => id === i + 1)).toBe(true);
    expect(
      new Set(frames.flatMap(({ transactions }) => transactions.map(({ gtid }) => gtid))).size,
    ).toBe(1);
    console.log(
      `1,000,000 rows, compression ${compression}: ${Math.round(performance.now() - startedMs)} ms after the commit, ` +
        `${frames.length} frames, resident memory at most ${Math.round(memory.peak / MIB)} MiB`,
    );
    expect(memory.peak).toBeLessThan(300e6);
  },
);

test(
  "while SQS is unreachable reading pauses and memory stays flat, and after that all changes arrive",
  { timeout: 120_000 },
  async () => {
    const rows = 400_000;
    await using bench = await ReaderBench.create(aws, mysql.server);
    const reader = await bench.start();
    const away = aws.faults.add({
      service: "sqs",
      action: "SendMessage",
      effect: { kind: "error", code: "InternalError", status: 500 },
    });
    const connection = await mysql.connect();
    await connection.query("SET SESSION cte_max_recursion_depth = ?", [rows]);
    await using memory = watchMemory(reader);
    await connection.query(`INSERT INTO shop.orders ${SEQUENCE}`, [rows]);
    await reader.logged("the raw queue did not accept a frame", 3);
    away.remove();
    const ids = insertedIds(await bench.takeFrames(rows));
    expect(ids).toHaveLength(rows);
    expect(ids.at(-1)).toBe(rows);
    console.log(`SQS away: resident memory at most ${Math.round(memory.peak / MIB)} MiB`);
    expect(memory.peak).toBeLessThan(300e6);
  },
);

test(
  "while DynamoDB is unreachable the reader waits, and loses nothing and asks nothing twice",
  { timeout: 240_000 },
  async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    const reader = await bench.start();
    const away = aws.faults.add({
      service: "dynamodb",
      effect: { kind: "error", code: "InternalServerError", status: 500 },
    });
    await mysql.query("INSERT INTO shop.orders VALUES (1, 'x', NULL)");
    await reader.logged("the sessions table cannot be reached");
    away.remove();
    await bench.takeFrames(1);
    await reader.stop();
    await bench.start();
    await mysql.query("INSERT INTO shop.orders VALUES (2, 'x', NULL)");
    expect(insertedIds(await bench.takeFrames(1))).toEqual([2]);
  },
);

test(
  "a reader that is stopped while DynamoDB is unreachable ends in time and loses nothing",
  { timeout: 240_000 },
  async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    const reader = await bench.start();
    const away = aws.faults.add({
      service: "dynamodb",
      effect: { kind: "error", code: "InternalServerError", status: 500 },
    });
    await mysql.query("INSERT INTO shop.orders VALUES (1, 'x', NULL)");
    await reader.logged("the sessions table cannot be reached");
    const toldMs = performance.now();
    expect(await reader.stop()).toBe(0);
    // After this time a container would be killed.
    expect(performance.now() - toldMs).toBeLessThan(30_000);
    away.remove();
    await bench.start();
    expect(insertedIds(await bench.takeFrames(1))).toEqual([1]);
  },
);

test("a row larger than SQS accepts is sent through the payload bucket", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  await bench.start();
  // Random bytes, because a body counts as too large only if it is too large after compression.
  const large = randomBytes(1_500_000).toString("hex");
  await mysql.query("INSERT INTO shop.orders VALUES (1, 'large', ?)", [large]);
  const [text = ""] = await bench.receiveTexts(10);
  const [name, { s3BucketName, s3Key }] = JSON.parse(text) as [
    string,
    { s3BucketName: string; s3Key: string },
  ];
  expect(name).toBe("software.amazon.payloadoffloading.PayloadS3Pointer");
  const object = await aws.s3.send(new GetObjectCommand({ Bucket: s3BucketName, Key: s3Key }));
  const body = (await object.Body?.transformToString()) ?? "";
  const [change] = decodeFrame(await unpackFrame(body)).changes;
  expect((JSON.parse(change?.after ?? "") as { body: string }).body).toBe(large);
});

test(
  "many tables, tiny and empty transactions, savepoints and rotations are read in order",
  { timeout: 240_000 },
  async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    await bench.start();
    const connection = await mysql.connect();
    await connection.query("USE shop");
    const tables = 200;
    for (let i = 0; i < tables; i++)
      await connection.query(`CREATE TABLE t${i} (id INT PRIMARY KEY)`);
    let expected = 0;
    const insert = async (table: string): Promise<void> => {
      await connection.query(`INSERT INTO ${table} (id) VALUES (${expected})`);
      expected++;
    };
    for (let i = 0; i < tables; i++) await insert(`t${i}`);
    await connection.beginTransaction();
    await connection.commit();
    await connection.beginTransaction();
    await insert("t0");
    await connection.query("SAVEPOINT a");
    await connection.query("INSERT INTO t0 VALUES (1000000)");
    await connection.query("ROLLBACK TO SAVEPOINT a");
    await insert("t1");
    await connection.commit();
    for (let i = 0; i < 5; i++) {
      await connection.query("FLUSH BINARY LOGS");
      await insert("t2");
    }
    for (let i = 0; i < 1000; i++) await insert("t3");
    const ids = insertedIds(await bench.takeFrames(expected));
    expect(ids).toEqual(Array.from({ length: expected }, (_, i) => i));
  },
);
