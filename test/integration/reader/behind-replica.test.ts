import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { useLocalAws } from "../../support/local-aws.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { idsOf, range } from "../../support/numbered-orders.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

// A replica that replicates asynchronously takes over before it has all that was read.

const first = useMysql({ variables: { server_id: 1 } });
const second = useMysql({ variables: { server_id: 2 } });
const aws = useLocalAws();
let account: Account;
/** The address of the source, to which the reader connects. */
let address: TcpProxy;
/** The replica's way to the first server. */
let replication: TcpProxy;

beforeAll(async () => {
  address = await TcpProxy.listen(first.server);
  replication = await TcpProxy.listen(first.server);
  await first.query("CREATE DATABASE shop");
  account = await first.createAccount("reader", [
    "REPLICATION SLAVE, REPLICATION CLIENT ON *.*",
    "SELECT ON performance_schema.*",
  ]);
  await second.query(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${replication.port}, SOURCE_USER = '${account.user}',
     SOURCE_PASSWORD = '${account.password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, SOURCE_CONNECT_RETRY = 1`,
  );
  await second.query("START REPLICA");
});
beforeEach(async () => {
  address.leadTo(first.server);
  await first.query("DROP TABLE IF EXISTS shop.orders");
  await first.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
});
afterAll(async () => {
  await address[Symbol.asyncDispose]();
  await replication[Symbol.asyncDispose]();
});

/** Whether the replica has all that the first server has executed, or only received it. */
async function has(what: "executed" | "received"): Promise<void> {
  const [state] = await first.query<{ executed: string }>(
    "SELECT @@global.gtid_executed AS executed",
  );
  const replica = async () =>
    second.query(
      `SELECT GTID_SUBSET(?, CONCAT(@@global.gtid_executed, ',', IF(?, received_transaction_set, ''))) AS has
       FROM performance_schema.replication_connection_status`,
      [state?.executed, what === "received"],
    );
  await expect.poll(replica, { timeout: 30_000 }).toEqual([{ has: 1 }]);
}

async function insert(from: number, to: number): Promise<void> {
  for (const id of range(from, to)) await first.query("INSERT INTO shop.orders VALUES (?)", [id]);
}

/** Reads what the replica has, and three rows more, which it has not executed. */
async function readsAhead(bench: ReaderBench, hold: () => Promise<void>): Promise<void> {
  const reader = await bench.start();
  await insert(1, 3);
  await has("executed");
  await hold();
  await insert(4, 6);
  expect(idsOf(await bench.takeFrames(6))).toEqual(range(1, 6));
  expect(await reader.stop()).toBe(0);
}

/** Lets the replica forget what it has written, and count all of the first server as applied. */
async function makeReplicaAnew(): Promise<void> {
  const [state] = await first.query<{ executed: string }>(
    "SELECT @@global.gtid_executed AS executed",
  );
  for (const statement of ["STOP REPLICA", "RESET REPLICA", "RESET BINARY LOGS AND GTIDS"])
    await second.query(statement);
  await second.query("SET GLOBAL gtid_purged = ?", [state?.executed]);
  await second.query("START REPLICA");
}

/** Runs the command that an error in the reader's log names. */
async function setAsNamedIn(line: unknown, bench: ReaderBench): Promise<void> {
  const command = /`npm run offsets -- (set --gtid [\w:,-]+)`/.exec(JSON.stringify(line))?.[1];
  const stack = stackFileOf(aws, tablesOf(bench));
  const set = await binlogRouterOn(stack, "offsets", ...(command ?? "").split(" "), "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
}

const LATE = [
  {
    is: "has received it",
    hold: async () => void (await second.query("STOP REPLICA SQL_THREAD")),
    before: async () => has("received"),
    release: async () => void (await second.query("START REPLICA SQL_THREAD")),
  },
  {
    is: "is still receiving it",
    hold: async () => replication.hold(true),
    before: async () => undefined,
    release: async () => replication.hold(false),
  },
];

test.each(LATE)("the reader waits for a replica that $is", async ({ hold, before, release }) => {
  const { port } = address;
  await using bench = await ReaderBench.create(aws, { host: "127.0.0.1", port, ...account });
  await readsAhead(bench, hold);
  await before();
  address.leadTo(second.server);
  const reader = await bench.start("the source is interrupted");
  expect(reader.log.at(-1)).toMatchObject({
    error: {
      name: "BinlogInterruptedError",
      message: expect.stringMatching(/ is a replica .*:\d/),
    },
  });
  await release();
  await reader.logged("following the binlog");
  await insert(7, 7);
  expect(idsOf(await bench.takeFrames(1))).toEqual([7]);
});

test("the remedy for a replica that never applies the last transactions loses and repeats nothing", async () => {
  const { port } = address;
  await using bench = await ReaderBench.create(aws, { host: "127.0.0.1", port, ...account });
  await readsAhead(bench, async () => void (await second.query("STOP REPLICA SQL_THREAD")));
  await has("received");
  await second.query("INSERT INTO shop.orders VALUES (14), (15)");
  address.leadTo(second.server);
  const reader = await bench.start("the source is interrupted");
  await setAsNamedIn(reader.log.at(-1), bench);
  await reader.logged("following the binlog");
  await second.query("INSERT INTO shop.orders VALUES (16)");
  expect(idsOf(await bench.takeFrames(3))).toEqual([14, 15, 16]);
  await makeReplicaAnew();
});

test("a replica that took over without the last transactions stops the reader, and the remedy loses and repeats nothing", async () => {
  const { port } = address;
  await using bench = await ReaderBench.create(aws, { host: "127.0.0.1", port, ...account });
  await readsAhead(bench, async () => replication.hold(true));
  await second.query("STOP REPLICA");
  await second.query("RESET REPLICA ALL");
  await second.query("INSERT INTO shop.orders VALUES (4), (5)");
  address.leadTo(second.server);
  const reader = await bench.start("stopped by an error");
  const stopped = await reader.logged("stopped by an error");
  expect(stopped).toMatchObject({ error: { name: "HistoryMismatchError" } });
  await reader.exit();

  await setAsNamedIn(stopped, bench);
  await bench.start();
  await second.query("INSERT INTO shop.orders VALUES (6)");
  expect(idsOf(await bench.takeFrames(3))).toEqual([4, 5, 6]);
});
