import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Frame } from "../../../../wire/frame.ts";
import { parseSnapshotMark } from "../../../../wire/snapshot.ts";
import type { SnapshotOrder } from "../../../../wire/snapshot-items.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../../support/operator.ts";
import { ReaderBench, type ReaderProcess, SHORT_LEASE } from "../../../support/reader.ts";
import { atEpoch, BenchOrders, snapshotOrder } from "../../../support/snapshot/orders.ts";
import { inOrder, type Placed } from "../../../support/snapshot/place-check.ts";

// Tests events between two parts of a chunk. The reader hands over the third part when the lane's
// delivered position, which the test writes, shows the first.

const mysql = useMysql();
const aws = useLocalAws();
let bench: ReaderBench;
let orders: BenchOrders;
let reader: ReaderProcess;
let frames: Frame[];
/** The end of the last frame that any test has taken. */
let taken = atEpoch(0);
const placed: string[] = [];

const ROWS = 1200;
/** The rows of a part, and how many parts are handed over before the first is delivered. */
const [PART, UNDELIVERED] = [200, 2];

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  orders = new BenchOrders(aws, bench);
  reader = await bench.start();
});
beforeEach(() => {
  frames = [];
});
// What a failed test leaves behind must not hold up the others.
afterEach(async () => {
  for (const id of placed.splice(0))
    await orders.place({ ...snapshotOrder(""), id, wanted: "cancel" });
});
afterAll(async () => {
  orders[Symbol.dispose]();
  await bench[Symbol.asyncDispose]();
});

/** Takes frames until a change, row or mark has come that matches; or as many as `times`. */
async function until(what: (change: Placed) => boolean, times = 1): Promise<void> {
  const deadline = performance.now() + 100_000;
  let found = 0;
  while (found < times) {
    if (performance.now() > deadline)
      throw new Error(`the rows do not arrive\n${bench.recentLogs()}`);
    const received = await bench.receive();
    frames.push(...received);
    for (const { last } of received) if (last > taken) taken = last;
    found += inOrder(received).filter(what).length;
  }
}

/** Creates and fills a table, and takes the first parts of its chunk; the reader then waits. */
async function afterFirstParts(name: string, more: Partial<SnapshotOrder> = {}): Promise<void> {
  await mysql.query(`CREATE TABLE shop.${name} (id INT PRIMARY KEY, v INT NOT NULL)`);
  await mysql.query(
    `INSERT INTO shop.${name} SELECT 2 * n, 0 FROM
     (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < ${ROWS})
     SELECT /*+ SET_VAR(cte_max_recursion_depth = 2000) */ n FROM c) d`,
  );
  await orders.delivered(taken);
  placed.push(`of-${name}`);
  await orders.place(snapshotOrder(name, more));
  await until(({ op, n }) => op === "r" && n === UNDELIVERED);
}

const isEnd = ({ op, after }: Placed): boolean => op === "snapshot" && after.includes("complete");

/** Lets the snapshot continue, and takes everything up to its end. */
async function goOn(): Promise<void> {
  await orders.delivered();
  await until(isEnd);
}

/**
 * Expects that an application that applies all rows and changes has the table, and that it can
 * count the rows.
 */
async function expectTable(name: string, where = "TRUE"): Promise<void> {
  const changes = inOrder(frames).filter(({ tableName }) => tableName === `shop.${name}`);
  const copy = new Map<string, string>();
  for (const { op, key, oldKey, after } of changes) {
    if (oldKey !== "") copy.delete(oldKey);
    if (op === "d") copy.delete(key);
    else if (op !== "snapshot" && op !== "ddl") copy.set(key, after);
  }
  const rows = await mysql.query(`SELECT * FROM shop.${name} WHERE ${where}`);
  expect(copy).toEqual(
    new Map(rows.map((row) => [JSON.stringify({ id: row["id"] }), JSON.stringify(row)])),
  );
  const ids = new Set(changes.filter(({ op }) => op === "r").map(({ key }) => key));
  const mark = parseSnapshotMark(changes.find(isEnd)?.after ?? "");
  expect(mark).toEqual({ state: "complete", rows: ids.size, whole: true, tables: 1 });
}

/** The numbers of the rows' hand-overs. */
const numbers = (): Set<number> =>
  new Set(
    inOrder(frames)
      .filter(({ op }) => op === "r")
      .map(({ n }) => n),
  );

test("ordinary changes pass between the parts, and the later parts contain them", async () => {
  await afterFirstParts("passing");
  await mysql.query("UPDATE shop.passing SET v = 1 WHERE id IN (2, 1700)");
  await mysql.query("DELETE FROM shop.passing WHERE id IN (4, 1702)");
  await mysql.query("INSERT INTO shop.passing VALUES (1, 1), (1701, 1), (4000, 1)");
  await mysql.query("UPDATE shop.passing SET id = 3 WHERE id = 1704");
  await mysql.query("UPDATE shop.passing SET id = 1705 WHERE id = 6");
  await until(({ op, oldKey }) => op === "u" && oldKey === '{"id":6}');
  expect(numbers()).toEqual(new Set([1, UNDELIVERED]));
  await goOn();
  await expectTable("passing");
  // Rows that came into the range are in the last part.
  expect(numbers().size).toBe(Math.ceil(ROWS / PART));
  expect(await orders.until("of-passing", "complete")).toMatchObject({ chunks: 1 });
  const later = inOrder(frames).filter(({ op, n }) => op === "r" && n > UNDELIVERED);
  expect(later.map(({ key }) => key)).toEqual(
    expect.arrayContaining([1, 3, 1701, 1705, 4000].map((id) => JSON.stringify({ id }))),
  );
  const before = inOrder(frames).filter(({ op, n }) => op === "r" && n <= UNDELIVERED);
  expect(before).toHaveLength(UNDELIVERED * PART);
});

test("a condition holds for rows that change between the parts", async () => {
  await afterFirstParts("chosen", { where: "v = 0" });
  await mysql.query("UPDATE shop.chosen SET v = 1 WHERE id > 1700");
  await mysql.query("UPDATE shop.chosen SET id = id + 1 WHERE id BETWEEN 1500 AND 1510");
  await goOn();
  const rows = inOrder(frames).filter(({ op }) => op === "r");
  const chosen = await mysql.query("SELECT id FROM shop.chosen WHERE v = 0");
  expect(new Set(rows.map(({ key }) => key))).toEqual(
    new Set(chosen.map((row) => JSON.stringify(row))),
  );
});

test("a snapshot that is paused between the parts hands over the others of the chunk first", async () => {
  await afterFirstParts("paused", { rate: 1000 });
  await orders.place(snapshotOrder("paused", { rate: 1000, wanted: "pause" }));
  // The second report after the order shows that the reader knows it.
  const updated = new Set<number>();
  while (updated.size < 3) {
    updated.add((await orders.reportOf("of-paused"))?.updatedMs ?? 0);
    await delay(50);
  }
  await orders.delivered();
  const { chunks } = await orders.until("of-paused", "paused");
  await orders.place(snapshotOrder("paused"));
  await goOn();
  await expectTable("paused");
  expect(chunks).toBe(1);
  expect(inOrder(frames).filter(({ op }) => op === "r")).toHaveLength(ROWS);
});

test("a snapshot that is resumed waits for the parts that were handed over before its pause", async () => {
  // At this rate a chunk is one part, so the snapshot pauses at once.
  await afterFirstParts("resumed", { rate: PART });
  await orders.place(snapshotOrder("resumed", { rate: PART, wanted: "pause" }));
  await orders.until("of-resumed", "paused");
  await orders.place(snapshotOrder("resumed"));
  await orders.until("of-resumed", "waiting");
  await mysql.query("UPDATE shop.resumed SET v = 1 WHERE id = 2");
  await until(({ op, tableName }) => op === "u" && tableName === "shop.resumed");
  expect(numbers()).toEqual(new Set([1, UNDELIVERED]));
  await goOn();
  await expectTable("resumed");
});

test("a table is read anew when its definition changes between the parts", async () => {
  await afterFirstParts("altered");
  await mysql.query("ALTER TABLE shop.altered ADD COLUMN extra INT NOT NULL DEFAULT 7");
  await goOn();
  await expectTable("altered");
  const rows = inOrder(frames).filter(({ op }) => op === "r");
  expect(rows).toHaveLength(UNDELIVERED * PART + ROWS);
});

test("a transaction that is larger than the reader's memory for changes is read from the table", async () => {
  await afterFirstParts("flooded");
  await mysql.query(
    `INSERT INTO shop.flooded SELECT 10000 + n, 0 FROM (WITH RECURSIVE c AS
     (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < 21000)
     SELECT /*+ SET_VAR(cte_max_recursion_depth = 30000) */ n FROM c) d`,
  );
  await goOn();
  await expectTable("flooded");
});

test("a prepared XA transaction's rows come as they are before its commit, and then change", async () => {
  const xa = await mysql.connect(undefined, { database: "shop" });
  await afterFirstParts("prepared");
  for (const statement of [
    "XA START 'held'",
    "UPDATE prepared SET v = 5 WHERE id IN (8, 1708)",
    "XA END 'held'",
    "XA PREPARE 'held'",
  ])
    await xa.query(statement);
  await mysql.query("UPDATE shop.prepared SET v = 2 WHERE id = 1712");
  await goOn();
  const row = inOrder(frames).find(({ op, key }) => op === "r" && key === '{"id":1708}');
  expect(row?.after).toBe('{"id":1708,"v":0}');
  await xa.query("XA COMMIT 'held'");
  await until(({ op, key }) => op === "u" && key === '{"id":1708}');
  await expectTable("prepared");
});

test("a snapshot stops when its table is renamed between the parts, and continues with the name", async () => {
  await afterFirstParts("named");
  await mysql.query("RENAME TABLE shop.named TO shop.other");
  await orders.delivered();
  expect((await orders.until("of-named", "stopped")).reason).toContain("does not exist");
  await mysql.query("RENAME TABLE shop.other TO shop.named");
  await orders.place(snapshotOrder("named"));
  await goOn();
  await expectTable("named");
});

const BEGINS = "a snapshot begins";

test.each(["--now", "--oldest"])(
  "a snapshot begins again in the life that offsets set %s begins between the parts",
  async (start) => {
    const name = `moved_${start.slice(2)}`;
    await afterFirstParts(name);
    const begun = reader.log.filter(({ msg }) => msg === BEGINS).length;
    const stack = stackFileOf(aws, tablesOf(bench));
    expect(await binlogRouterOn(stack, "offsets", "set", start, "--yes")).toMatchObject({
      code: 0,
    });
    await reader.logged(BEGINS, begun + 1);
    await mysql.query(`UPDATE shop.${name} SET v = 1 WHERE id IN (2, 1700)`);
    await until(({ op, key }) => op === "u" && key === '{"id":1700}');
    await goOn();
    await expectTable(name);
  },
);

async function setMode(...modes: readonly string[]): Promise<void> {
  for (const mode of modes) await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
}

test("a snapshot stops while transactions have no GTID, and continues with GTIDs", async () => {
  // At this rate a chunk is one part, so the snapshot pauses at once.
  await afterFirstParts("modes", { rate: 100 });
  await orders.place(snapshotOrder("modes", { wanted: "pause" }));
  await orders.until("of-modes", "paused");
  await setMode("ON_PERMISSIVE", "OFF_PERMISSIVE");
  try {
    await mysql.query("UPDATE shop.modes SET v = 3 WHERE id = 1710");
    await until(({ op }) => op === "u");
    await orders.delivered();
    await orders.place(snapshotOrder("modes"));
    expect((await orders.until("of-modes", "stopped")).reason).toContain("Set gtid_mode to ON");
  } finally {
    await setMode("ON_PERMISSIVE", "ON");
  }
  await orders.place(snapshotOrder("modes"));
  await goOn();
  await expectTable("modes");
});

test("two subscribers get the same table one after the other, each its own rows", async () => {
  await afterFirstParts("shared");
  await orders.place(
    snapshotOrder("shared", { id: "second", subscriber: "t", startedMs: Date.now() }),
  );
  expect(await orders.until("second", "waiting")).toMatchObject({ rows: 0 });
  await orders.delivered();
  await until(isEnd, 2);
  for (const [id, subscriber] of [
    ["of-shared", "s"],
    ["second", "t"],
  ] as const) {
    const own = frames.flatMap(({ authors, transactions, changes }) =>
      changes.filter(
        ({ op, transaction }) =>
          op === "r" && authors[transactions[transaction]?.author ?? -1]?.snapshot?.id === id,
      ),
    );
    expect(new Set(own.map(({ key }) => key)).size).toBe(ROWS);
    const authors = frames.flatMap((frame) => frame.authors);
    expect(authors.find(({ snapshot }) => snapshot?.id === id)?.snapshot?.subscriber).toBe(
      subscriber,
    );
  }
});

test("a reader that is killed between the parts is followed by one that reads the chunk again", async () => {
  await afterFirstParts("killed");
  await reader.kill();
  reader = await bench.start(undefined, SHORT_LEASE);
  await mysql.query("DELETE FROM shop.killed WHERE id = 1800");
  await goOn();
  await expectTable("killed");
});
