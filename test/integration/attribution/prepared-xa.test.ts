import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Frame, FrameChange } from "../../../wire/frame.ts";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench, type ReaderProcess, SHORT_LEASE } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const CONNECTIONS = 20;
const idOf = ({ key }: FrameChange): number => (JSON.parse(key) as { id: number }).id;
const isNew = (change: FrameChange): boolean => idOf(change) >= 100;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

// A prepared transaction that a failed test left behind holds locks, which would keep the next test
// from dropping its tables.
afterEach(async () => {
  for (const row of await mysql.query("XA RECOVER CONVERT XID")) {
    const hex = String(row["data"]).slice(2);
    const split = 2 * Number(row["gtrid_length"]);
    await mysql.query(`XA ROLLBACK X'${hex.slice(0, split)}',X'${hex.slice(split)}',1`);
  }
});
beforeEach(async () => installLedger(await mysql.connect()));
afterEach(async () => uninstallLedger(await mysql.connect()));

// The saved position stays where the XA transaction was prepared, and the GTIDs of later
// transactions count as read.
/** The output of `offsets show`. */
async function show(bench: ReaderBench): Promise<string> {
  return (await binlogRouterOn(stackFileOf(shared.aws, tablesOf(bench)), "offsets", "show")).out;
}

/** The ids below 1,000 of the orders that arrive, up to and including `last`. */
async function ordersUpTo(bench: ReaderBench, last: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (!frames.some(({ changes }) => changes.some((change) => idOf(change) === last)))
    for (const frame of await bench.receive())
      frames.push({ ...frame, changes: frame.changes.filter((change) => idOf(change) < 1000) });
  return frames;
}

/**
 * Writes until the offset contains the kept transactions and waits for none. Then purges the logs
 * that contain them.
 */
async function keepAndPurge(
  bench: ReaderBench,
  reader: ReaderProcess,
  xids: readonly string[],
): Promise<void> {
  let id = 1000;
  await expect
    .poll(
      async () => {
        await mysql.query("REPLACE INTO shop.orders VALUES (?, 'root')", [id++]);
        const text = await show(bench);
        const named = xids.filter((xid) => text.includes(`prepared:    XA transaction ${xid},1`));
        return { named, waits: text.includes("waits for") };
      },
      { timeout: 60_000 },
    )
    .toEqual({ named: xids, waits: false });
  await mysql.query("FLUSH BINARY LOGS");
  const logs = await mysql.query("SHOW BINARY LOGS");
  const newest = String(logs.at(-1)?.["Log_name"]);
  await expect.poll(() => show(bench), { timeout: 60_000 }).toContain(`file:        ${newest}`);
  expect(await reader.stop()).toBe(0);
  await mysql.query(`PURGE BINARY LOGS TO '${newest}'`);
}

async function prepareOrder(xid: string, id: number, account: Account): Promise<void> {
  const preparing = await mysql.connect(account);
  await preparing.query(`XA START ${xid}`);
  await preparing.query("INSERT INTO shop.orders VALUES (?, ?)", [id, account.user]);
  await preparing.query(`XA END ${xid}`);
  await preparing.query(`XA PREPARE ${xid}`);
  preparing.destroy();
}

test("after a restart the reader knows who prepared an XA transaction, and who connected while it was prepared", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const [first] = shared.accounts;
  await prepareOrder("'order 7','b1'", 1, first);

  const open = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const account = shared.accounts[i % shared.accounts.length] ?? first;
      return { account, connection: await mysql.connect(account) };
    }),
  );
  await mysql.query("INSERT INTO shop.orders VALUES (2, 'root')");
  await bench.takeFrames(1);
  expect(await reader.stop()).toBe(0);
  expect(await show(bench)).toMatch(
    /waits for: +XA transaction 'order 7','b1',1 \([0-9a-f-]{36}:\d+\), prepared 20\d\d-/,
  );

  for (const [i, { account, connection }] of open.entries()) {
    await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [100 + i, account.user]);
    connection.destroy();
  }
  await expect
    .poll(() => mysql.query("SELECT 1 FROM information_schema.processlist WHERE user LIKE 'app%'"))
    .toEqual([]);
  await bench.start();
  // The reader sends earlier changes again, and the route function drops them.
  const frames: Frame[] = [];
  while (frames.flatMap(({ changes }) => changes).length < CONNECTIONS)
    for (const frame of await bench.receive())
      frames.push({ ...frame, changes: frame.changes.filter(isNew) });
  const between = splitOf(frames);
  console.info(`${CONNECTIONS} changes of connections that were opened meanwhile:`, between);
  expect(between).toMatchObject({ right: CONNECTIONS, wrong: 0, unknown: 0 });

  await mysql.query("XA COMMIT 'order 7','b1'");
  expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 1, wrong: 0, unknown: 0 });
  await expect.poll(() => show(bench), { timeout: 60_000 }).not.toContain("waits for");
});

describe("an XA transaction that stays prepared", () => {
  const settings = { KEEP_XA_AFTER_SECONDS: "1" };

  test("is delivered at its commit, although its log was purged and readers were restarted", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server, settings);
    const [first, second] = shared.accounts;
    const reader = await bench.start();
    await prepareOrder("'forgotten','a'", 1, first);
    await prepareOrder("'forgotten','b'", 2, second);
    await keepAndPurge(bench, reader, ["'forgotten','a'", "'forgotten','b'"]);

    const successor = await bench.start();
    await mysql.query("XA COMMIT 'forgotten','b'");
    expect(splitOf(await ordersUpTo(bench, 2))).toMatchObject({ right: 1, wrong: 0, unknown: 0 });
    await expect.poll(() => show(bench), { timeout: 60_000 }).not.toContain("'forgotten','b'");
    await successor.kill();

    await bench.start(undefined, SHORT_LEASE);
    await mysql.query("XA COMMIT 'forgotten','a'");
    expect(splitOf(await ordersUpTo(bench, 1))).toMatchObject({ right: 1, wrong: 0, unknown: 0 });
    await expect.poll(() => show(bench), { timeout: 60_000 }).not.toContain("forgotten");
    // The prepares' GTIDs count as executed too, so a failover finds no gap.
    const [{ executed = "" } = {}] = await mysql.query("SELECT @@gtid_executed AS executed");
    expect(await show(bench)).toContain(`reads from:  ${String(executed).replaceAll("\n", "")}`);
  });

  test("is reported at its commit, if more tables are followed than when it was kept", async () => {
    await mysql.query("CREATE TABLE shop.returns (id INT PRIMARY KEY)");
    const former = { ...settings, SOURCE_TABLES: '["shop.orders"]' };
    await using bench = await ReaderBench.create(shared.aws, mysql.server, former);
    const reader = await bench.start();
    const [account] = shared.accounts;
    const preparing = await mysql.connect(account);
    await preparing.query("XA START 'forgotten','e'");
    await preparing.query("INSERT INTO shop.orders VALUES (6, ?)", [account.user]);
    await preparing.query("INSERT INTO shop.returns VALUES (6)");
    await preparing.query("XA END 'forgotten','e'");
    await preparing.query("XA PREPARE 'forgotten','e'");
    await keepAndPurge(bench, reader, ["'forgotten','e'"]);

    const message =
      "an XA transaction was committed whose changes were kept while other tables were followed: any in tables that were not followed then are not delivered";
    const successor = await bench.start(undefined, { SOURCE_TABLES: '["shop.*"]' });
    await mysql.query("XA COMMIT 'forgotten','e'");
    expect(await successor.logged(message)).toMatchObject({ level: "error", isPartial: true });
    expect(splitOf(await ordersUpTo(bench, 6))).toMatchObject({ right: 1, wrong: 0, unknown: 0 });
  });

  test("is not delivered when it is rolled back", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server, settings);
    const reader = await bench.start();
    await prepareOrder("'forgotten','c'", 3, shared.accounts[0]);
    await keepAndPurge(bench, reader, ["'forgotten','c'"]);
    await bench.start();
    await mysql.query("XA ROLLBACK 'forgotten','c'");
    await mysql.query("INSERT INTO shop.orders VALUES (4, 'root')");
    const changes = (await ordersUpTo(bench, 4)).flatMap((frame) => frame.changes);
    expect(changes.map(idOf)).toEqual([4]);
    await expect.poll(() => show(bench), { timeout: 60_000 }).not.toContain("forgotten");
  });

  test("stops the reader when the object with its changes no longer exists", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server, settings);
    const reader = await bench.start();
    await prepareOrder("'forgotten','d'", 5, shared.accounts[0]);
    await keepAndPurge(bench, reader, ["'forgotten','d'"]);
    // This reader has a bucket without the object.
    await using other = await ReaderBench.create(shared.aws, mysql.server);
    const stopped = await bench.start("stopped by an error", {
      PAYLOAD_BUCKET: `${other.source}-payloads`,
    });
    const { error } = await stopped.logged("stopped by an error");
    expect(error).toMatchObject({
      name: "KeptXaLostError",
      message: expect.stringMatching(/'forgotten','d',1 .*s3:\/\/.*-payloads\/xa\//),
    });
    expect(await stopped.exit()).toBe(1);
    await mysql.query("XA ROLLBACK 'forgotten','d'");
  });
});
