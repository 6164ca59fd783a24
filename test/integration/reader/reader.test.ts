import { beforeEach, expect, test } from "vitest";
import type { Frame } from "../../../wire/frame.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../support/reader.ts";

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
});

/** The operation and row id of each change, in order. */
function written(frames: readonly Frame[]): [string, unknown][] {
  return frames.flatMap(({ changes }) =>
    changes.map(({ op, key }): [string, unknown] => [op, (JSON.parse(key) as { id: unknown }).id]),
  );
}

test("the reader sends the changes of followed tables in order, with their author and transaction", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  await bench.start();
  const account = await mysql.createAccount("app_staging", ["ALL ON shop.*"]);
  const connection = await mysql.connect(account);
  await connection.query("INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b')");
  await connection.query("UPDATE shop.orders SET note = 'c' WHERE id = 2");
  await connection.query("DELETE FROM shop.orders WHERE id = 1");
  const frames = await bench.takeFrames(4);
  expect(written(frames)).toEqual([
    ["c", 1],
    ["c", 2],
    ["u", 2],
    ["d", 1],
  ]);
  for (const frame of frames) {
    for (const transaction of frame.transactions) {
      expect(transaction.thread).toBe(connection.threadId);
      expect(frame.authors[transaction.author ?? -1]).toMatchObject({
        user: "app_staging",
        attribution: "first-sight",
      });
    }
  }
  expect(frames[0]?.previous).toBeNull();
  for (let i = 1; i < frames.length; i++) expect(frames[i]?.previous).toBe(frames[i - 1]?.last);
});

test("a stopped reader continues from its offset, without loss and without a repeat", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const first = await bench.start();
  await mysql.query("INSERT INTO shop.orders VALUES (1, 'before')");
  const before = await bench.takeFrames(1);
  expect(await first.stop()).toBe(0);
  await mysql.query("INSERT INTO shop.orders VALUES (2, 'while it was away')");
  await bench.start();
  await mysql.query("INSERT INTO shop.orders VALUES (3, 'after')");
  const after = await bench.takeFrames(2);
  expect(written([...before, ...after])).toEqual([
    ["c", 1],
    ["c", 2],
    ["c", 3],
  ]);
  expect(after[0]?.previous).toBe(before.at(-1)?.last);
});

test("a killed reader repeats only what was not saved, and keeps the chain of positions", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const first = await bench.start();
  await mysql.query("INSERT INTO shop.orders VALUES (1, 'x')");
  const before = await bench.takeFrames(1);
  await first.kill();
  await mysql.query("INSERT INTO shop.orders VALUES (2, 'x')");
  await bench.start(undefined, SHORT_LEASE);
  const after = await bench.takeFrames(1);
  const seen = before.at(-1)?.last ?? "";
  // Repeats lie before what was already seen, and the chain of frames continues from there.
  const fresh = after.flatMap((frame) => (frame.last > seen ? [frame] : []));
  expect(fresh.length).toBeGreaterThan(0);
  expect((fresh[0]?.previous ?? "") <= seen).toBe(true);
  expect(written(fresh).at(-1)).toEqual(["c", 2]);
});

test("two stacks of one name on one server both get all changes, and neither ends the other's dump", async () => {
  const name = { SOURCE_NAME: "shop" };
  await using one = await ReaderBench.create(aws, mysql.server, name);
  await using other = await ReaderBench.create(aws, mysql.server, name);
  const readers = [await one.start(), await other.start()];
  const account = await mysql.createAccount("app_production", ["ALL ON shop.*"]);
  const connection = await mysql.connect(account);
  for (const id of [1, 2]) {
    await connection.query("INSERT INTO shop.orders VALUES (?, '')", [id]);
    for (const bench of [one, other]) {
      const frames = await bench.takeFrames(1);
      expect(written(frames)).toEqual([["c", id]]);
      expect(frames[0]?.authors).toMatchObject([{ user: "app_production" }]);
    }
  }
  for (const reader of readers)
    expect(reader.log.filter(({ msg }) => msg === "following the binlog")).toHaveLength(1);
});
