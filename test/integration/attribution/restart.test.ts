import type { Connection } from "mysql2/promise";
import { afterEach, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { endInRotation } from "../../support/end-in-rotation.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { insertBriefly, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const BEFORE = 500;
const AFTER = 500;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);
afterEach(async () => uninstallLedger(await mysql.connect()));

/**
 * Stops the reader in the middle of a binlog file, then writes through 500 short connections. After
 * a restart of the server, which resets the thread ids, 500 connections of other accounts write
 * with the same ids. Before and after the restart, some connections stay open throughout.
 */
async function restartWhileAway(): Promise<ReturnType<typeof splitOf>> {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const [first, ...others] = shared.accounts;
  const open = await Promise.all(shared.accounts.map((account) => mysql.connect(account)));
  await insertBriefly(mysql.server, [first], { count: 20, firstId: 10_000 });
  await bench.takeFrames(20);
  expect(await reader.stop()).toBe(0);

  await insertBriefly(mysql.server, [first, ...others], { count: BEFORE, firstId: 1 });
  for (const connection of open) connection.destroy();
  await restartServer();
  const reopened = await Promise.all([...others, first].map((account) => mysql.connect(account)));
  await insertBriefly(mysql.server, [...others, first], { count: AFTER, firstId: BEFORE + 1 });
  await bench.start();
  const split = splitOf(await bench.takeFrames(BEFORE + AFTER));
  for (const connection of reopened) connection.destroy();
  return split;
}

/**
 * These servers run with --no-defaults and therefore ignore what SET PERSIST stored. The test sets
 * the variable again after the restart.
 */
async function restartServer(): Promise<void> {
  const [row] = await mysql.query<{ value: string }>("SELECT @@GLOBAL.init_connect AS value");
  await mysql.server.restart({ variables: { init_connect: row?.value ?? "" } });
}

/** Prepares an XA transaction with one order, on a new connection, and returns its thread id. */
async function prepareOrder(xid: string, id: number, account: Account): Promise<number> {
  const preparing = await mysql.connect(account);
  for (const statement of [
    `XA START '${xid}'`,
    `INSERT INTO shop.orders VALUES (${id}, '${account.user}')`,
    `XA END '${xid}'`,
    `XA PREPARE '${xid}'`,
  ])
    await preparing.query(statement);
  return preparing.threadId;
}

/** Opens connections of an account until they have all these thread ids. */
async function takeThreads(account: Account, threads: readonly number[]): Promise<Connection[]> {
  const open: Connection[] = [];
  while (open.length <= Math.max(...threads)) open.push(await mysql.connect(account));
  expect(open.map(({ threadId }) => threadId)).toEqual(expect.arrayContaining([...threads]));
  return open;
}

// After the restart, another account's connection has the thread id of the prepare.
test("an XA transaction that was prepared before a restart has no other author after it", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const [production, staging] = shared.accounts;
  const reader = await bench.start();
  expect(await reader.stop()).toBe(0);
  const threadId = await prepareOrder("x", 1, staging);
  await restartServer();
  const open = await takeThreads(production, [threadId]);
  await bench.start();
  await open[0]?.query("INSERT INTO shop.orders VALUES (2, 'app_production')");
  await bench.takeFrames(1);
  await mysql.query("XA COMMIT 'x'");
  expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 0, wrong: 0, unknown: 1 });
});

// MySQL ends itself when it cannot begin the next binlog file. The last file names that one all the
// same, and the next run begins it.
test("what was written before a rotation that ended the server has no author of the next run", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const [production, staging] = shared.accounts;
  const reader = await bench.start();
  expect(await reader.stop()).toBe(0);
  const before = await mysql.connect(production);
  await before.query("INSERT INTO shop.orders VALUES (1, 'app_production')");
  await endInRotation(mysql);
  await mysql.server.start();
  const open = await takeThreads(staging, [before.threadId]);
  await bench.start();
  await open.at(-1)?.query("INSERT INTO shop.orders VALUES (2, 'app_staging')");
  expect(splitOf(await bench.takeFrames(2))).toMatchObject({ right: 1, wrong: 0, unknown: 1 });
});

test("a connection that was known before a rotation that ended the server wrote nothing in the next run", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const [production, staging] = shared.accounts;
  const reader = await bench.start();
  const known = await mysql.connect(production);
  await known.query("INSERT INTO shop.orders VALUES (1, 'app_production')");
  expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 1 });
  expect(await reader.stop()).toBe(0);
  await known.query("INSERT INTO shop.orders VALUES (2, 'app_production')");
  await endInRotation(mysql);
  await mysql.server.start();
  const open = await takeThreads(staging, [known.threadId]);
  const other = open.find(({ threadId }) => threadId === known.threadId);
  await other?.query("INSERT INTO shop.orders VALUES (3, 'app_staging')");
  await other?.end();
  await bench.start();
  expect(splitOf(await bench.takeFrames(2))).toMatchObject({ right: 1, wrong: 0, unknown: 1 });
});

test.each(["runs", "is stopped"])(
  "with the ledger XA transactions of two users that were prepared before a restart have their authors, while the reader %s",
  async (during) => {
    await installLedger(await mysql.connect());
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    const [production, staging, tester] = shared.accounts;
    const reader = await bench.start();
    if (during === "is stopped") expect(await reader.stop()).toBe(0);
    // Behind the ids that the reader's own connections take after the restart.
    for (let i = 0; i < 40; i++) await mysql.connect();
    const threads = [await prepareOrder("x", 1, staging), await prepareOrder("y", 2, tester)];
    await restartServer();
    if (during === "runs") await reader.logged("following the binlog", 2);
    const open = await takeThreads(production, threads);
    for (const [i, connection] of open.entries())
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [100 + i, production.user]);
    if (during === "is stopped") await bench.start();
    const split = splitOf(await bench.takeFrames(open.length));
    expect(split).toMatchObject({ right: open.length, wrong: 0, unknown: 0 });
    await open.at(-1)?.query("XA COMMIT 'y'");
    await mysql.query("XA COMMIT 'x'");
    expect(splitOf(await bench.takeFrames(2))).toMatchObject({ right: 2, wrong: 0, unknown: 0 });
  },
);

test("with the ledger every author is right across a restart of the server while the reader was stopped", async () => {
  await installLedger(await mysql.connect());
  const split = await restartWhileAway();
  console.info(`restart while the reader was away, ${BEFORE} + ${AFTER}, with the ledger:`, split);
  expect(split).toMatchObject({ right: BEFORE + AFTER, wrong: 0, unknown: 0 });
});

test("without the ledger no author is wrong across a restart, and authors that cannot be known stay unknown", async () => {
  const split = await restartWhileAway();
  console.info(
    `restart while the reader was away, ${BEFORE} + ${AFTER}, without the ledger:`,
    split,
  );
  expect(split.wrong).toBe(0);
  expect(split.right + split.unknown).toBe(BEFORE + AFTER);
});
