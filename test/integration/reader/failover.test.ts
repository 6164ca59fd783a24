import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { BinlogDump } from "../../../reader/source/binlog-dump.ts";
import { connectionOptions } from "../../../reader/source/connection-options.ts";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { changeId } from "../../../wire/change-id.ts";
import type { Frame } from "../../../wire/frame.ts";
import { parsePosition } from "../../../wire/position.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { idsOf, range } from "../../support/numbered-orders.ts";
import { ReaderBench } from "../../support/reader.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

// Two servers of one topology behind one address. The second one takes over; its files, offsets and
// thread ids differ.

const first = useMysql({ variables: { server_id: 1 } });
const second = useMysql({ variables: { server_id: 2 } });
/** Both servers have the account, as behind a cluster's address. */
const readerAccount = { user: "reader", password: "reader" };
const aws = useLocalAws();

beforeAll(async () => {
  await first.query("CREATE USER replica IDENTIFIED WITH caching_sha2_password BY 'replica'");
  await first.query("GRANT REPLICATION SLAVE ON *.* TO replica");
  await second.query(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${first.server.port}, SOURCE_USER = 'replica',
     SOURCE_PASSWORD = 'replica', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
  );
  await second.query("START REPLICA");
  await first.query("CREATE DATABASE shop");
  await first.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  await first.createAccount(readerAccount.user, [
    "REPLICATION SLAVE, REPLICATION CLIENT, PROCESS, SELECT ON *.*",
  ]);
  await first.query("ALTER USER reader IDENTIFIED BY ?", [readerAccount.password]);
});

/** Waits until the second server has executed everything that the first one has. */
async function replicated(): Promise<void> {
  const [state] = await first.query<{ executed: string }>(
    "SELECT @@global.gtid_executed AS executed",
  );
  await second.query("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 30)", [state?.executed]);
}

/** Waits until the second server has a row. */
async function reached(id: number): Promise<void> {
  await expect
    .poll(() => second.query("SELECT id FROM shop.orders WHERE id = ?", [id]), { timeout: 60_000 })
    .toHaveLength(1);
}

/** Inserts rows on the first server, in transactions of their own. */
async function insert(from: number, to: number): Promise<void> {
  for (const id of range(from, to)) await first.query("INSERT INTO shop.orders VALUES (?)", [id]);
}

async function onBoth(...statements: readonly string[]): Promise<void> {
  for (const statement of statements)
    for (const server of [first, second]) await server.query(statement);
}

/** The row's id and the change's id of each change, in order of arrival. */
function arrivals(frames: readonly Frame[]): [number, string][] {
  return frames.flatMap((frame) =>
    frame.changes.flatMap((change): [number, string][] => {
      const transaction = frame.transactions[change.transaction];
      if (transaction === undefined || change.op !== "c") return [];
      const place = {
        ...transaction,
        server: frame.server,
        offset: change.offset,
        row: change.row,
        n: change.n,
      };
      return [[(JSON.parse(change.key) as { id: number }).id, changeId(place)]];
    }),
  );
}

test.each([
  { asked: "the expected one", killing: second, dumping: first },
  { asked: "another one", killing: first, dumping: second },
])(
  "a dump that ends leaves a query with its number on another server alone; asked for the dump: $asked",
  async ({ killing, dumping }) => {
    await replicated();
    const [server] = await first.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
    const [log] = await first.query<{ File: string }>("SHOW BINARY LOG STATUS");
    const lock = "of another connection";
    const holder = await killing.connect();
    await holder.query("SELECT GET_LOCK(?, 0)", [lock]);
    // The account may end its own queries only.
    let other = await killing.connect(readerAccount);
    let last = await dumping.connect();
    while (other.threadId <= last.threadId) other = await killing.connect(readerAccount);
    const waits = other.query("SELECT GET_LOCK(?, 60) AS held", [lock]);
    while (last.threadId < other.threadId - 1) last = await dumping.connect();

    await using proxy = await TcpProxy.listen(first.server);
    // zongji first opens the connection that is to end the dump.
    proxy.leadTo(killing.server, dumping.server);
    const address = { host: "127.0.0.1", port: proxy.port, tls: "off" } as const;
    const { user: username, password } = readerAccount;
    const began = Promise.withResolvers<void>();
    const dump = await BinlogDump.start({
      connection: await connectionOptions(address, async () => ({ username, password })),
      serverId: 4711,
      serverUuid: server?.uuid ?? "",
      start: { kind: "file", file: log?.File ?? "", offset: 4 },
      silenceMs: 30_000,
      onEvent: () => began.resolve(),
    });
    const failure = Promise.race([began.promise, dump.ended]).catch((error: unknown) => error);
    expect(await failure).toEqual(
      dumping === first ? undefined : expect.objectContaining({ name: "OtherServerError" }),
    );
    await dump[Symbol.asyncDispose]();
    expect((await dumping.connect()).threadId).toBe(other.threadId + 1);
    await holder.query("DO RELEASE_LOCK(?)", [lock]);
    expect((await waits)[0]).toEqual([{ held: 1 }]);
  },
);

test("transactions without a GTID that were not read stop the reader on the other server, and the remedy reads them", async () => {
  await replicated();
  await using proxy = await TcpProxy.listen(first.server);
  const address = { host: "127.0.0.1", port: proxy.port, ...readerAccount };
  await using bench = await ReaderBench.create(aws, address);
  const reader = await bench.start();
  await insert(1001, 1003);
  expect(idsOf(await bench.takeFrames(3))).toEqual(range(1001, 1003));
  expect(await reader.stop()).toBe(0);

  // A dump behind the GTIDs begins in the last file, and passes over 1004 to 1006.
  await reached(1003);
  const [at] = await second.query<{ File: string }>("SHOW BINARY LOG STATUS");
  await second.query("STOP REPLICA");
  await second.query("CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0");
  await second.query("START REPLICA");
  await onBoth("SET GLOBAL gtid_mode = ON_PERMISSIVE", "SET GLOBAL gtid_mode = OFF_PERMISSIVE");
  await insert(1004, 1006);
  await reached(1006);
  await onBoth("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  await insert(1007, 1009);
  await reached(1009);
  await second.query("STOP REPLICA");
  await onBoth("SET GLOBAL gtid_mode = ON");
  await second.query("CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1");
  proxy.leadTo(second.server);
  for (const name of ["AnonymousTransactionsError", "StillStoppedError"]) {
    const stopped = await bench.start("stopped by an error");
    expect(await stopped.logged("stopped by an error")).toMatchObject({
      error: { name, message: expect.stringContaining(`offsets -- set --file ${at?.File}:4`) },
    });
    expect(await stopped.exit()).toBe(1);
  }

  await second.query("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  const stack = stackFileOf(aws, tablesOf(bench));
  const set = await binlogRouterOn(stack, "offsets", "set", "--file", `${at?.File}:4`, "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
  const next = await bench.start();
  const ids = idsOf(await bench.takeFrames(9));
  expect(ids.slice(-9)).toEqual(range(1001, 1009));
  expect(await next.stop()).toBe(0);
  await second.query("SET GLOBAL gtid_mode = ON");
  await second.query("START REPLICA");
  const last = await bench.start();
  await insert(1010, 1010);
  expect(idsOf(await bench.takeFrames(1))).toEqual([1010]);
  expect(await last.stop()).toBe(0);
});

test(
  "the reader continues by GTIDs on the other server, in a new epoch, without loss",
  { timeout: 120_000 },
  async () => {
    await replicated();
    await using proxy = await TcpProxy.listen({ host: first.server.host, port: first.server.port });
    await using bench = await ReaderBench.create(aws, {
      host: "127.0.0.1",
      port: proxy.port,
      ...readerAccount,
    });
    const reader = await bench.start();
    for (let id = 1; id <= 20; id++) await first.query("INSERT INTO shop.orders VALUES (?)", [id]);
    const before = await bench.takeFrames(20);
    // The two servers' files and offsets are unrelated.
    for (let i = 0; i < 3; i++) await second.query("FLUSH BINARY LOGS");
    for (let id = 21; id <= 30; id++) await first.query("INSERT INTO shop.orders VALUES (?)", [id]);
    await replicated();

    await second.query("STOP REPLICA");
    proxy.leadTo({ host: second.server.host, port: second.server.port });
    proxy.cut();
    for (let id = 31; id <= 50; id++)
      await second.query("INSERT INTO shop.orders VALUES (?)", [id]);
    await reader.logged("following the binlog", 2);

    const after: Frame[] = [];
    const deadlineMs = performance.now() + 60_000;
    while (!arrivals(after).some(([id]) => id === 50) && performance.now() < deadlineMs) {
      after.push(...(await bench.receive()));
      await delay(10);
    }
    const all = arrivals([...before, ...after]);
    const ids = new Map<number, string>();
    for (const [id, change] of all) {
      // After a failover, changes may be repeated with the same id.
      expect(ids.get(id) ?? change).toBe(change);
      ids.set(id, change);
    }
    expect([...ids.keys()]).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    const last = after.at(-1);
    expect(parsePosition(last?.last ?? "").epoch).toBeGreaterThan(before[0]?.epoch ?? Infinity);
    expect(last?.life).not.toBe(before[0]?.life);
    expect((before.at(-1)?.last ?? "") < (last?.last ?? "")).toBe(true);
    console.log(
      `${all.length - ids.size} of ${ids.size} changes repeated after the failover, with the same ids`,
    );
  },
);

test(
  "the ledger is replicated, so authors are also known on the other server",
  { timeout: 120_000 },
  async () => {
    await second.query("START REPLICA");
    await installLedger(await first.connect());
    const account = await first.createAccount("app_staging", ["ALL ON shop.*"]);
    // init_connect is not replicated: it must be set on every server that may become the source
    // (docs/attribution.md).
    const [row] = await first.query<{ value: string }>("SELECT @@global.init_connect AS value");
    await replicated();
    await second.query("STOP REPLICA");
    await second.query("SET GLOBAL init_connect = ?", [row?.value]);
    const { host, port, user, password } = second.server;
    await using bench = await ReaderBench.create(aws, { host, port, user, password });
    await bench.start();
    const connection = await second.connect(account);
    await connection.query("INSERT INTO shop.orders VALUES (1000)");
    const [frame] = await bench.takeFrames(1);
    expect(frame?.authors).toMatchObject([{ user: "app_staging", attribution: "ledger" }]);
  },
);
