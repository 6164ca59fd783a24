import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startLocalAws } from "@binlog-router/local-aws";
import { UnreadableBinlogError } from "../../../../reader/reporting/errors.ts";
import type {
  Boundary,
  RowChange,
  Transaction,
} from "../../../../reader/transactions/transaction.ts";
import type { TransactionReaderOptions } from "../../../../reader/transactions/transaction-reader.ts";
import type { UnknownXa } from "../../../../reader/transactions/xa-transactions.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import { keptBoundary } from "../../../support/kept-boundary.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench } from "../../../support/reader.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";

const mysql = useMysql();
let binlog: BinlogFile;

beforeAll(async () => {
  binlog = await BinlogFile.open(mysql.server, "shop");
  await binlog.connection.query("CREATE TABLE orders (id INT PRIMARY KEY, note TEXT)");
  await binlog.connection.query("CREATE TABLE unread (id INT PRIMARY KEY)");
});
afterAll(async () => binlog[Symbol.asyncDispose]());
beforeEach(async () => {
  await binlog.connection.query("DELETE FROM orders; DELETE FROM unread");
  await binlog.events();
});

const RUN = 7;

/** Creates a reader of shop.orders that starts at the binlog's end, and returns what it emits. */
async function readingFromHere(options: Partial<TransactionReaderOptions> = {}): Promise<{
  readonly changes: RowChange[];
  readonly boundaries: Boundary[];
  readonly unknown: UnknownXa[];
  readonly unlogged: UnknownXa[];
  /** Reads what has been logged since the last call. */
  readonly catchUp: () => Promise<void>;
}> {
  const changes: RowChange[] = [];
  const boundaries: Boundary[] = [];
  const unknown: UnknownXa[] = [];
  const unlogged: UnknownXa[] = [];
  const [server] = await mysql.query<{ id: number }>("SELECT @@server_id AS id");
  const reader = transactionReaderOf(
    ["*.orders"],
    {
      change: (_: Transaction, change: RowChange) =>
        changes.push({ ...change, texts: change.texts.kept() }),
      boundary: (boundary: Boundary) => boundaries.push(keptBoundary(boundary)),
    },
    {
      ledger: "ledger.table",
      onUnknownXa: (commit) => unknown.push(commit),
      onUnloggedEnd: (former) => unlogged.push(former),
      serverId: server?.id ?? 0,
      run: RUN,
      ...options,
    },
  );
  await binlog.events();
  const { file, position } = await binlog.end();
  await reader.onEvent(rotateEvent(file, position));
  return {
    changes,
    boundaries,
    unknown,
    unlogged,
    catchUp: async () => {
      for (const event of await binlog.events()) await reader.onEvent(event);
    },
  };
}

/** The event with which a server announces where a dump begins; binlog files do not contain it. */
function rotateEvent(file: string, offset: number): Buffer {
  const ROTATE_EVENT = 4;
  const event = Buffer.alloc(27);
  event.writeUInt8(ROTATE_EVENT, 4);
  event.writeUInt32LE(event.length + file.length, 9);
  event.writeBigUInt64LE(BigInt(offset), 19);
  return Buffer.concat([event, Buffer.from(file)]);
}

async function prepare(xid: string, statement: string): Promise<void> {
  const { connection } = binlog;
  await connection.query(`XA START '${xid}'`);
  await connection.query(statement);
  await connection.query(`XA END '${xid}'; XA PREPARE '${xid}'`);
}

const commit = (xid: string): Promise<unknown> => binlog.connection.query(`XA COMMIT '${xid}'`);
/** The GTIDs that count as executed at a boundary. */
function gtidsOf({ executed, alsoExecuted }: Boundary): string[] {
  const own = executed === null ? [] : [`${executed.prefix}${executed.number}`];
  return [...alsoExecuted, ...own];
}

const rollback = (xid: string): Promise<unknown> => binlog.connection.query(`XA ROLLBACK '${xid}'`);

test("the commit of a transaction prepared before reading began is reported with GTID and xid", async () => {
  await prepare("early", "INSERT INTO orders VALUES (1, 'early')");
  const { changes, unknown, boundaries, catchUp } = await readingFromHere();
  const place = await binlog.end();
  await commit("early");
  await catchUp();
  expect(changes).toEqual([]);
  const [gtid] = boundaries.flatMap(gtidsOf);
  expect(gtid).toBeDefined();
  expect(unknown).toEqual([
    { gtid, xid: "6561726c79..1", file: place.file, offset: expect.any(Number) as number },
  ]);
  expect(unknown[0]?.offset).toBeGreaterThan(place.position);
});

test("a transaction that is prepared later or rolled back is not reported", async () => {
  await prepare("early", "INSERT INTO orders VALUES (1, 'early')");
  const { changes, unknown, catchUp } = await readingFromHere();
  await rollback("early");
  await prepare("later", "INSERT INTO orders VALUES (2, 'later')");
  await commit("later");
  await catchUp();
  expect(changes.map(({ texts }) => texts.key)).toEqual(['{"id":2}']);
  expect(unknown).toEqual([]);
});

test("a boundary has the followed server's run, also after a transaction that another server prepared", async () => {
  const OTHER_SERVER = 4_000_000;
  const { boundaries, catchUp } = await readingFromHere({ serverId: OTHER_SERVER });
  await prepare("replicated", "INSERT INTO orders VALUES (1, 'x')");
  await commit("replicated");
  await catchUp();
  expect(boundaries.map(({ run }) => run)).toEqual([RUN, RUN]);
});

test("a transaction without a change in followed tables does not hold the offset, and its commit is not reported", async () => {
  const { boundaries, unknown, catchUp } = await readingFromHere();
  await prepare("elsewhere", "INSERT INTO unread VALUES (1)");
  const { file, position } = await binlog.end();
  await catchUp();
  expect(boundaries).toMatchObject([{ file, offset: position, run: RUN }]);
  expect(boundaries.map(gtidsOf)).toEqual([[expect.stringContaining(":")]]);
  await commit("elsewhere");
  await prepare("again", "INSERT INTO unread VALUES (2)");
  await rollback("again");
  await catchUp();
  expect(boundaries.map((boundary) => gtidsOf(boundary).length)).toEqual([1, 1, 1, 1]);
  expect(unknown).toEqual([]);
});

test("a transaction with changes holds the offset until it commits, and then counts for two GTIDs", async () => {
  const { boundaries, catchUp } = await readingFromHere();
  const { position } = await binlog.end();
  await prepare("waiting", "INSERT INTO orders VALUES (1, 'x')");
  const prepared = await binlog.end();
  await catchUp();
  expect(boundaries).toMatchObject([{ offset: position }]);
  expect(boundaries.flatMap(gtidsOf)).toEqual([]);
  expect(boundaries[0]?.held).toMatchObject({
    by: { xid: "77616974696e67..1", gtid: expect.stringContaining(":") },
    readTo: { offset: prepared.position },
  });
  const age = Date.now() - (boundaries[0]?.held?.by.preparedMs ?? 0);
  expect(age).toBeGreaterThanOrEqual(0);
  expect(age).toBeLessThan(60_000);
  await commit("waiting");
  await catchUp();
  const end = await binlog.end();
  expect(boundaries[1]).toMatchObject({ offset: end.position });
  expect(boundaries[1]?.held).toBeUndefined();
  expect(boundaries.map((boundary) => gtidsOf(boundary).length)).toEqual([0, 2]);
});

test("an xid whose former transaction ended without a record is used again, and its changes are delivered", async () => {
  const { changes, unknown, unlogged, boundaries, catchUp } = await readingFromHere();
  const endUnlogged = async (xid: string): Promise<void> => {
    await binlog.connection.query("SET sql_log_bin = 0");
    await rollback(xid);
    await binlog.connection.query("SET sql_log_bin = 1");
  };
  await prepare("empty", "INSERT INTO unread VALUES (1)");
  await endUnlogged("empty");
  await prepare("empty", "INSERT INTO orders VALUES (1, 'x')");
  await commit("empty");
  await catchUp();
  expect(changes.map(({ texts }) => texts.key)).toEqual(['{"id":1}']);
  expect(unlogged).toEqual([]);

  const place = await binlog.end();
  await prepare("full", "INSERT INTO orders VALUES (2, 'x')");
  await endUnlogged("full");
  await prepare("full", "INSERT INTO orders VALUES (3, 'x')");
  await catchUp();
  const held = boundaries.at(-1)?.held?.by;
  await commit("full");
  await catchUp();
  expect(changes.map(({ texts }) => texts.key)).toEqual(['{"id":1}', '{"id":3}']);
  const offset = place.position;
  const gtid = expect.any(String) as string;
  expect(unlogged).toEqual([{ gtid, xid: "66756c6c..1", file: place.file, offset }]);
  expect(held?.gtid).not.toEqual(unlogged[0]?.gtid);
  expect(boundaries.at(-1)?.held).toBeUndefined();
  // The former prepare counts as executed as well: a dump by GTIDs does not send it again.
  expect(boundaries.flatMap(gtidsOf)).toContain(unlogged[0]?.gtid);

  await prepare("last", "INSERT INTO orders VALUES (4, 'x')");
  await endUnlogged("last");
  await prepare("last", "INSERT INTO unread VALUES (2)");
  await commit("last");
  await catchUp();
  expect(unlogged).toHaveLength(2);
  expect(boundaries.at(-1)?.held).toBeUndefined();
  expect(changes).toHaveLength(2);
  expect(unknown).toEqual([]);
});

test("reading stops at the limit of held changes, and names the transaction", async () => {
  const { changes, catchUp } = await readingFromHere({ heldLimitBytes: 30_000 });
  for (const xid of ["one", "two", "three"]) {
    await prepare(xid, "INSERT INTO orders VALUES (1, REPEAT('x', 20000))");
    await commit(xid);
    await binlog.connection.query("DELETE FROM orders");
  }
  await catchUp();
  expect(changes.filter(({ op }) => op === "c")).toHaveLength(3); // in sequence they fit
  await prepare("first", "INSERT INTO orders VALUES (1, REPEAT('x', 20000))");
  await binlog.connection.query(
    "XA START 'more'; INSERT INTO orders VALUES (2, REPEAT('x', 20000)); XA END 'more'; XA COMMIT 'more' ONE PHASE",
  );
  await commit("first");
  const stopped = catchUp();
  await expect(stopped).rejects.toThrow(UnreadableBinlogError);
  await expect(stopped).rejects.toThrow(
    /^[\w-]+\.\d+:\d+: the changes of the XA transaction 6d6f7265\.\.1 \(.+:\d+\).*--max-old-space-size/,
  );
});

test("a reader logs the commit of an unknown transaction as an error, and continues", async () => {
  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, mysql.server);
  await prepare("early", "INSERT INTO orders VALUES (1, 'early')");
  const reader = await bench.start();
  await commit("early");
  const line = await reader.logged(
    "an XA transaction was committed that was prepared before the position where reading began: its changes are not delivered",
  );
  expect(line).toMatchObject({ level: "error", xid: "6561726c79..1" });
  expect(line["gtid"]).toEqual(expect.any(String));
  await binlog.connection.query("INSERT INTO orders VALUES (2, 'next')");
  expect(await bench.takeFrames(1)).toHaveLength(1);
});

test("a reader holds an XA transaction up to its limit, and stops before its memory is used up", async () => {
  await using aws = await startLocalAws();
  await using bench = await ReaderBench.create(aws, mysql.server);
  const reader = await bench.start();
  const insert = async (xid: string, rows: number): Promise<void> => {
    await binlog.connection.query(
      `XA START '${xid}';
       INSERT INTO orders WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows})
         SELECT n, REPEAT('x', 60) FROM s;
       XA END '${xid}'; XA COMMIT '${xid}' ONE PHASE`,
    );
  };
  const FITS = 130_000;
  await binlog.connection.query("SET SESSION cte_max_recursion_depth = 1000000");
  await insert("fits", FITS);
  const frames = await bench.takeFrames(FITS);
  expect(frames.flatMap(({ changes }) => changes)).toHaveLength(FITS);
  await binlog.connection.query("TRUNCATE orders");
  await insert("huge", 3 * FITS);
  const line = await reader.logged("stopped by an error");
  expect(line["error"]).toMatchObject({ name: "UnreadableBinlogError" });
  expect(await reader.exit()).toBe(1);
});
