import { afterEach, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
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
  const split = splitOf(await bench.takeFrames(BEFORE + AFTER, 60_000));
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

// After the restart, another account's connection has the thread id of the prepare.
test("an XA transaction that was prepared before a restart has no other author after it", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const [production, staging] = shared.accounts;
  const reader = await bench.start();
  expect(await reader.stop()).toBe(0);
  const preparing = await mysql.connect(staging);
  const { threadId } = preparing;
  for (const statement of [
    "XA START 'x'",
    "INSERT INTO shop.orders VALUES (1, 'app_staging')",
    "XA END 'x'",
    "XA PREPARE 'x'",
  ])
    await preparing.query(statement);
  await restartServer();
  const open = await Promise.all(
    Array.from({ length: threadId + 1 }, () => mysql.connect(production)),
  );
  expect(open.map((connection) => connection.threadId)).toContain(threadId);
  await bench.start();
  await open[0]?.query("INSERT INTO shop.orders VALUES (2, 'app_production')");
  await bench.takeFrames(1);
  await mysql.query("XA COMMIT 'x'");
  expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 0, wrong: 0, unknown: 1 });
});
