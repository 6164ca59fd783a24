import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeEach, expect, test } from "vitest";
import { laneFor } from "../../../reader/frames/shipment.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { Frame } from "../../../wire/frame.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../support/reader.ts";

const TABLES = ["a", "b", "c", "d", "e", "f", "g", "h"];
const CANNOT = "the number of lanes cannot change yet";
const CHANGES = "the number of lanes changes";
const FOLLOWS = "following the binlog";

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  for (const table of TABLES) await mysql.query(`CREATE TABLE shop.${table} (id INT PRIMARY KEY)`);
});

async function write(id: number): Promise<void> {
  for (const table of TABLES) await mysql.query(`INSERT INTO shop.${table} VALUES (${id})`);
}

/**
 * Marks lanes as delivered up to their last frames, and queues as failing, as the route function
 * would.
 */
async function delivered(
  { source }: ReaderBench,
  frames: readonly Frame[],
  troubled: readonly string[] = [],
): Promise<void> {
  const lasts = new Map(frames.map(({ lane, last }) => [lane, last]));
  for (const [lane, last] of lasts) {
    await aws.dynamodb.send(
      new UpdateItemCommand({
        TableName: `${source}-offsets`,
        Key: { id: { S: `lane#${lane}` } },
        UpdateExpression:
          troubled.length === 0
            ? "SET delivered = :last REMOVE troubled"
            : "SET delivered = :last, troubled = :troubled",
        ExpressionAttributeValues: {
          ":last": { S: last },
          ...(troubled.length > 0 && { ":troubled": { SS: [...troubled] } }),
        },
      }),
    );
  }
}

const lanesOf = (frames: readonly Frame[]) => new Set(frames.map(({ lane }) => lane));

test("the reader uses more lanes when the frames of the former lanes are delivered", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const first = await bench.start();
  await write(1);
  const before = await bench.takeFrames(TABLES.length);
  expect(lanesOf(before)).toEqual(new Set([0]));
  await first.stop();
  await write(2);

  const waits = "waiting until the former lanes are delivered";
  const second = await bench.start(waits, { LANES: "4" });
  expect(await bench.receive(2)).toEqual([]);
  await delivered(bench, before);
  await second.logged(FOLLOWS);
  expect(await second.logged(CHANGES)).toMatchObject({ before: 1, lanes: 4 });
  const { offset } = await new OffsetStore(aws.dynamodb, `${bench.source}-offsets`).load();
  const [lastBefore = ""] = before
    .map(({ last }) => last)
    .toSorted()
    .slice(-1);
  const after = await bench.takeFrames(TABLES.length);
  expect(lanesOf(after).size).toBeGreaterThan(1);
  expect(after.flatMap(({ changes }) => changes.map(({ key }) => key))).toEqual(
    TABLES.map(() => '{"id":2}'),
  );
  // The operators' commands tell by it which changes were sent by other lanes.
  const [firstAfter = ""] = after.map((frame) => frame.first).toSorted();
  const lanesSince = offset?.lanesSince ?? "";
  expect([lastBefore, firstAfter, lanesSince].toSorted()).toEqual([
    lastBefore,
    lanesSince,
    firstAfter,
  ]);
});

test("the reader keeps the former lanes while something is parked, and after a reader was killed", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const first = await bench.start();
  await write(1);
  const frames = await bench.takeFrames(TABLES.length);
  await delivered(bench, frames, ["shop-billing-test.fifo"]);
  await first.stop();

  const second = await bench.start(FOLLOWS, { LANES: "4" });
  expect(await second.logged(CANNOT)).toMatchObject({ lanes: 1, wanted: 4 });
  await write(2);
  const behind = await bench.takeFrames(TABLES.length);
  expect(lanesOf(behind)).toEqual(new Set([0]));
  await delivered(bench, behind);
  await second.kill();

  const third = await bench.start(FOLLOWS, { ...SHORT_LEASE, LANES: "4" });
  expect((await third.logged(CANNOT))["why"]).toMatch(/did not end/);
  await write(3);
  const again: Frame[] = [];
  while (!again.some(({ changes }) => changes.at(-1)?.key === '{"id":3}')) {
    again.push(...(await bench.receive()));
  }
  expect(lanesOf(again)).toEqual(new Set([0]));
  await third.stop();
  again.push(...(await bench.receive()));
  await delivered(bench, again);

  const fourth = await bench.start(FOLLOWS, { LANES: "4" });
  await fourth.logged(CHANGES);
  await write(4);
  const after = await bench.takeFrames(TABLES.length);
  expect(lanesOf(after).size).toBeGreaterThan(1);
  const firstOfLane = new Map([...after].reverse().map((frame) => [frame.lane, frame]));
  for (const [lane, { previous }] of firstOfLane) {
    expect(previous).toBe(
      lane === 0 ? again.filter((frame) => frame.lane === 0).at(-1)?.last : null,
    );
  }
});

test("with a long delay changes share a frame, and a reader that stops sends the waiting changes", async () => {
  const settings = { DELAY_MS: "60000", LANES: "8" };
  await using bench = await ReaderBench.create(aws, mysql.server, settings);
  const reader = await bench.start();
  await mysql.query("INSERT INTO shop.a VALUES (1)");
  expect(await bench.takeFrames(1)).toHaveLength(1);
  for (const id of [2, 3, 4]) await mysql.query(`INSERT INTO shop.a VALUES (${id})`);
  // A lane without an earlier frame sends at once. These rows were read after the rows that wait.
  const other = TABLES.find((table) => laneFor("shop", table, 8) !== laneFor("shop", "a", 8));
  await mysql.query(`INSERT INTO shop.${other} VALUES (1)`);
  expect((await bench.takeFrames(1)).flatMap(({ tables }) => tables)).toMatchObject([
    ["shop", other],
  ]);
  await reader.stop();
  const frames = await bench.takeFrames(3);
  expect(frames.map(({ changes }) => changes.length)).toEqual([3]);
});
