import type { Connection } from "mysql2/promise";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Frame } from "../../../../wire/frame.ts";
import type { SnapshotOrder } from "../../../../wire/snapshot-items.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, type ReaderProcess } from "../../../support/reader.ts";
import { BenchOrders, snapshotOrder } from "../../../support/snapshot/orders.ts";
import { inOrder, type Placed } from "../../../support/snapshot/place-check.ts";

// Tests events between the beginning of a chunk's SELECT and the hand-over of its rows. A lock
// blocks the SELECT while the lock's owner runs statements.

const mysql = useMysql();
const aws = useLocalAws();
let bench: ReaderBench;
let orders: BenchOrders;
let reader: ReaderProcess;
let frames: Frame[];

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  const account = await mysql.createAccount("reader", [
    "REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.*",
    "SELECT ON performance_schema.*",
    "SELECT ON shop.*",
  ]);
  const { host, port } = mysql.server;
  bench = await ReaderBench.create(aws, { host, port, ...account }, { SOURCE_START: "now" });
  orders = new BenchOrders(aws, bench);
  await orders.delivered();
  reader = await bench.start();
});
beforeEach(() => {
  frames = [];
});
afterEach(() => aws.faults.clear());
afterAll(async () => {
  orders[Symbol.dispose]();
  await bench[Symbol.asyncDispose]();
});

/** The number of rows in a chunk; a table has two chunks. */
const CHUNK = 100;
const ROWS = 190;

async function createTable(name: string): Promise<void> {
  await mysql.query(
    `CREATE TABLE shop.${name} (id INT PRIMARY KEY, v INT NOT NULL, note TEXT, doc JSON)`,
  );
  await mysql.query(
    `INSERT INTO shop.${name} SELECT 2 * n, n, 'note', '{"a": 1, "b": "x"}' FROM
     (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < ${ROWS}) SELECT n FROM c) d`,
  );
}

/** The order of a snapshot of one table; its chunks are a second apart. */
const orderOf = (name: string): SnapshotOrder => snapshotOrder(name, { rate: CHUNK });

/** Takes frames until one contains a change, row or mark that matches. */
async function untilCome(what: (change: Placed) => boolean): Promise<void> {
  const deadline = performance.now() + 100_000;
  while (!inOrder(frames).some(what)) {
    if (performance.now() > deadline)
      throw new Error(`the rows do not arrive\n${bench.recentLogs()}`);
    frames.push(...(await bench.receive()));
  }
}

const isComplete = ({ op, after }: Placed): boolean =>
  op === "snapshot" && after.includes('"whole":true');

/** Waits for the first chunk, then blocks the SELECT of the second one while `act` runs. */
async function inSecondChunk(
  name: string,
  act: (connection: Connection) => Promise<void>,
  create = createTable,
): Promise<void> {
  await create(name);
  const connection = await mysql.connect(undefined, { database: "shop" });
  await orders.place(orderOf(name));
  await untilCome(({ op }) => op === "r");
  // On a busy machine the lock could take longer than the pause between two chunks.
  reader.signal("SIGSTOP");
  await connection.query(`LOCK TABLES ${name} WRITE`);
  reader.signal("SIGCONT");
  const deadline = performance.now() + 100_000;
  for (;;) {
    const [waiting] = await mysql.query(
      "SELECT 1 FROM performance_schema.processlist WHERE USER = 'reader' AND STATE = 'Waiting for table metadata lock'",
    );
    if (waiting !== undefined) break;
    if (performance.now() > deadline)
      throw new Error(`no SELECT waits for the lock\n${bench.recentLogs()}`);
    await delay(20);
  }
  await act(connection);
  await connection.query("UNLOCK TABLES");
}

/** The rows that arrived, by key. */
function rowsThatCame(): Map<string, string> {
  return new Map(
    inOrder(frames)
      .filter(({ op }) => op === "r")
      .map(({ key, after }) => [key, after]),
  );
}

/** The table's rows by key, in the stream's notation. */
async function rowsOf(name: string, where = "TRUE"): Promise<Map<string, string>> {
  const rows = await mysql.query(`SELECT * FROM shop.${name} WHERE ${where}`);
  return new Map(
    rows.map((row) => [JSON.stringify({ id: row["id"] }), JSON.stringify(row)] as const),
  );
}

test("rows whose images are incomplete are read again", async () => {
  await inSecondChunk("images", async (connection) => {
    await connection.query("SET SESSION binlog_row_image = MINIMAL");
    await connection.query("UPDATE images SET v = -1 WHERE id BETWEEN 240 AND 260");
    await connection.query("UPDATE images SET id = 331 WHERE id = 330");
    await connection.query("UPDATE images SET id = 1001 WHERE id = 340");
    await connection.query("INSERT INTO images (id, v) VALUES (351, 5), (1003, 6)");
    await connection.query("DELETE FROM images WHERE id = 360");
    await connection.query("SET SESSION binlog_row_image = NOBLOB");
    await connection.query("UPDATE images SET v = -2 WHERE id BETWEEN 270 AND 290");
  });
  await untilCome(isComplete);
  expect(rowsThatCame()).toEqual(await rowsOf("images"));
  const { rereads, rows } = await orders.until("of-images", "complete");
  expect(rereads).toBeGreaterThanOrEqual(11 + 11);
  expect(rows).toBe(ROWS + 2 - 1);
});

test("a chunk is read again when the table's definition changes meanwhile", async () => {
  await inSecondChunk("defined", async (connection) => {
    await connection.query("UPDATE defined SET v = -1 WHERE id = 250");
    await connection.query("ALTER TABLE defined ADD COLUMN extra INT NOT NULL DEFAULT 7");
    await connection.query("UPDATE defined SET extra = 8 WHERE id = 260");
  });
  await untilCome(isComplete);
  const came = rowsThatCame();
  expect(came.size).toBe(ROWS);
  for (const [key, row] of await rowsOf("defined", "id > 2 * 100")) expect(came.get(key)).toBe(row);
  expect(came.get('{"id":2}')).not.toContain("extra");
});

test("a changed key makes the snapshot begin the table again", async () => {
  await inSecondChunk("keyed", async (connection) => {
    await connection.query("ALTER TABLE keyed DROP PRIMARY KEY, ADD PRIMARY KEY (v, id)");
  });
  await untilCome(isComplete);
  const came = [...rowsThatCame().values()];
  expect(new Set(came)).toEqual(new Set((await rowsOf("keyed")).values()));
  expect(inOrder(frames).filter(({ op }) => op === "r")).toHaveLength(CHUNK + ROWS);
});

test.for([
  ["collated", "VARCHAR(9) COLLATE utf8mb4_0900_ai_ci", "VARCHAR(9) COLLATE utf8mb4_bin"],
  ["typed", "INT", "VARCHAR(9)"],
] as const)(
  "a key in another order makes the snapshot begin the table again: %s",
  async ([name, former, later]) => {
    const values = Array.from({ length: ROWS }, (_, n) =>
      former === "INT" ? n + 839 : `${n % 2 === 0 ? "k" : "K"}${1000 + n}`,
    );
    await inSecondChunk(
      name,
      async (connection) => {
        await connection.query(`ALTER TABLE ${name} MODIFY id ${later}`);
      },
      async () => {
        await mysql.query(`CREATE TABLE shop.${name} (id ${former} PRIMARY KEY, v INT)`);
        await mysql.query(
          `INSERT INTO shop.${name} VALUES ${values.map((id) => `('${id}', 1)`).join()}`,
        );
      },
    );
    await untilCome(isComplete);
    const afterAlter = inOrder(frames)
      .filter(({ op }) => op === "r")
      .slice(CHUNK);
    expect(new Map(afterAlter.map(({ key, after }) => [key, after]))).toEqual(await rowsOf(name));
  },
);

test("a truncated table has only the rows that were inserted after that", async () => {
  await inSecondChunk("emptied", async (connection) => {
    await connection.query("TRUNCATE emptied");
    await connection.query("INSERT INTO emptied (id, v) VALUES (10, 1), (500, 1), (501, 2)");
  });
  await untilCome(isComplete);
  const later = inOrder(frames).filter(({ op, n }) => op === "r" && n > 1);
  expect(new Map(later.map(({ key, after }) => [key, after]))).toEqual(
    await rowsOf("emptied", "id > 200"),
  );
});

test("a snapshot stops when its table is dropped, and continues when the table is created again", async () => {
  await inSecondChunk("dropped", async (connection) => {
    await connection.query("DROP TABLE dropped");
  });
  const { reason } = await orders.until("of-dropped", "stopped");
  expect(reason).toMatch(/does not exist|no longer exists/);
  await createTable("dropped");
  await orders.place(orderOf("dropped"));
  await untilCome(isComplete);
  expect(rowsThatCame()).toEqual(await rowsOf("dropped"));
});

test("a snapshot stops when SELECT is revoked, and continues after the grant", async () => {
  await createTable("revoked");
  await orders.place(orderOf("revoked"));
  await untilCome(({ op }) => op === "r");
  await mysql.query("REVOKE SELECT ON shop.* FROM reader");
  const { reason } = await orders.until("of-revoked", "stopped");
  expect(reason).toContain("Grant it SELECT on the snapshot's tables, then resume.");
  await mysql.query("GRANT SELECT ON shop.* TO reader");
  await orders.place(orderOf("revoked"));
  await untilCome(isComplete);
  expect(rowsThatCame()).toEqual(await rowsOf("revoked"));
});

test("a snapshot waits while AWS is unreachable, and continues after that", async () => {
  await createTable("away");
  await orders.place(orderOf("away"));
  await untilCome(({ op }) => op === "r");
  const [queue, table] = (["sqs", "dynamodb"] as const).map((service) =>
    aws.faults.add({ service, effect: { kind: "reset" } }),
  );
  const failed = reader.log.length;
  while (
    !reader.log.slice(failed).some(({ msg }) => msg === "the orders for snapshots cannot be read")
  )
    await delay(20);
  table?.remove();
  await delay(500);
  queue?.remove();
  await untilCome(isComplete);
  expect(rowsThatCame()).toEqual(await rowsOf("away"));
});

test("a snapshot is cancelled at once in the middle of a chunk, and the next order begins", async () => {
  await inSecondChunk("cancelled", async () => {
    await orders.place({ ...orderOf("cancelled"), wanted: "cancel" });
    await orders.until("of-cancelled", "cancelled");
  });
  const anew = { ...orderOf("cancelled"), id: "anew" };
  await orders.place(anew);
  await untilCome(isComplete);
  const came = frames.flatMap(({ authors, transactions, changes }) =>
    changes
      .filter(({ op }) => op === "r")
      .map(({ transaction }) => authors[transactions[transaction]?.author ?? -1]?.snapshot?.id),
  );
  expect(came.filter((id) => id === "of-cancelled")).toHaveLength(CHUNK);
  expect(came.filter((id) => id === "anew")).toHaveLength(ROWS);
  expect(await orders.reportOf("of-cancelled")).toMatchObject({ state: "cancelled" });
});
