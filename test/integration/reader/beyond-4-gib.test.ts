import { stat } from "node:fs/promises";
import { join } from "node:path";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { binlogEvidence } from "../../../reader/offsets/binlog-evidence.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { formatPosition } from "../../../wire/position.ts";
import { idsOf, range, useNumberedOrders } from "../../support/numbered-orders.ts";
import { ReaderBench } from "../../support/reader.ts";

// A transaction is never split over binlog files, so a large one makes a file exceed 4 GiB. What is
// committed while it is written follows in the same file. A dump cannot begin there.

const orders = useNumberedOrders();
const { mysql, insert } = orders;

const GIB = 2 ** 30;
const ROW = 8 * 2 ** 20;

async function lastFile(): Promise<string> {
  const files = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  return files.at(-1)?.Log_name ?? "";
}

/** Where the transaction behind a row's event begins. */
async function endOfTransaction(file: string, offset: number): Promise<number> {
  const events = await mysql.query<{ Pos: number | string; Event_type: string }>(
    "SHOW BINLOG EVENTS IN ? FROM ? LIMIT 3",
    [file, offset],
  );
  expect(events.map(({ Event_type: type }) => type)).toEqual([
    "Write_rows",
    "Xid",
    expect.stringMatching(/^(Anonymous_)?Gtid$|^Rotate$/),
  ]);
  return Number(events[2]?.Pos);
}

// Takes minutes and 9 GB of disk; the nightly workflow runs it.
const isNightly = process.env["BEYOND_4_GIB"] === "1";
test.skipIf(!isNightly)(
  "the reader continues at an offset beyond 4 GiB, without GTIDs and without loss",
  { timeout: 900_000 },
  async () => {
    for (const mode of ["ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"])
      await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
    await mysql.query("CREATE DATABASE elsewhere");
    await mysql.query("CREATE TABLE elsewhere.filler (body LONGBLOB) ENGINE = BLACKHOLE");
    await using bench = await ReaderBench.create(orders.aws, mysql.server);
    const first = await bench.start();
    await insert(1, 3);
    expect(idsOf(await bench.takeFrames(3))).toEqual(range(1, 3));
    await first.stop();

    const file = await lastFile();
    const [before] = await mysql.query<{ Position: number }>("SHOW BINARY LOG STATUS");
    const large = await mysql.connect();
    await large.query("SET SESSION cte_max_recursion_depth = 10000");
    await large.beginTransaction();
    await large.query("INSERT INTO shop.orders VALUES (10)");
    await large.query(
      `INSERT INTO elsewhere.filler WITH RECURSIVE s (n) AS (
         SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ?) SELECT REPEAT('x', ?) FROM s`,
      [Math.ceil((4.1 * GIB) / ROW), ROW],
    );
    await large.query("INSERT INTO shop.orders VALUES (11)");
    const committed = large.commit();
    // Written while the large transaction is copied to the binlog: they follow it in its file.
    await expect
      .poll(async () => (await stat(join(mysql.server.dataDir, file))).size, { timeout: 600_000 })
      .toBeGreaterThan(GIB);
    await Promise.all(range(20, 29).map((id) => insert(id, id)));
    await committed;
    await insert(30, 32);
    expect(await lastFile()).not.toBe(file);

    const second = await bench.start();
    const frames = await bench.takeFrames(15, 600_000);
    const ids = idsOf(frames);
    expect(ids.slice(0, 2)).toEqual([10, 11]);
    expect(new Set(ids.slice(2, 12))).toEqual(new Set(range(20, 29)));
    expect(ids.slice(12)).toEqual(range(30, 32));
    expect(await second.stop()).toBe(0);

    const changes = frames.flatMap((frame) => frame.changes);
    const key = { TableName: `${bench.source}-offsets`, Key: { id: { S: "reader" } } };
    const { Item: item = {} } = await orders.aws.dynamodb.send(new GetItemCommand(key));
    const lanes = Object.keys(item["lanes"]?.M ?? {});

    const { host, port, user, password } = mysql.server;
    const [{ uuid } = { uuid: "" }] = await mysql.query<{ uuid: string }>(
      "SELECT @@server_uuid AS uuid",
    );
    const asked = { serverId: 4711, serverUuid: uuid, silenceMs: 60_000 };
    const connection = { host, port, user, password };
    const evidence = binlogEvidence({ ...asked, connection }, await mysql.connect());
    const anchor = await evidence.eventAt(file, before?.Position ?? 0);
    expect(anchor).toMatchObject({ file, start: before?.Position, begunS: null, gtid: null });

    // As readers leave it that are killed behind the large transaction, and behind a small one.
    for (const read of [2, 6]) {
      const offset = changes[read - 1]?.offset ?? 0;
      const end = await endOfTransaction(file, offset);
      expect(end).toBeGreaterThan(4 * GIB);
      const position = formatPosition({
        epoch: frames[0]?.epoch ?? 0,
        file: binlogFileNumber(file),
        offset,
        row: 0,
      });
      await orders.aws.dynamodb.send(
        new PutItemCommand({
          TableName: key.TableName,
          Item: {
            ...item,
            file: { S: file },
            offset: { N: String(end) },
            anchor: {
              M: {
                file: { S: file },
                start: { N: String(anchor?.start) },
                begunS: { NULL: true },
                gtid: { NULL: true },
                committedUs: { N: String(anchor?.committedUs) },
              },
            },
            lanes: { M: Object.fromEntries(lanes.map((lane) => [lane, { S: position }])) },
            isSettled: { BOOL: false },
          },
        }),
      );
      const next = await bench.start();
      const rest = await bench.takeFrames(ids.length - read, 600_000);
      expect(idsOf(rest)).toEqual(ids.slice(read));
      expect(rest[0]).toMatchObject({ previous: position, life: frames[0]?.life });
      expect(await next.stop()).toBe(0);
    }
  },
);
