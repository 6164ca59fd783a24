import { afterEach, beforeEach, expect, test } from "vitest";
import type { Frame, FrameChange } from "../../../wire/frame.ts";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const CONNECTIONS = 20;
const isNew = ({ key }: FrameChange): boolean => (JSON.parse(key) as { id: number }).id >= 100;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

beforeEach(async () => installLedger(await mysql.connect()));
afterEach(async () => uninstallLedger(await mysql.connect()));

// The saved place waits where the XA transaction was prepared, and the GTIDs of what follows count as read.
test("who connects while an XA transaction is prepared is known after a restart of the reader, and so is who prepared it", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const show = async (): Promise<string> =>
    (await binlogRouterOn(stackFileOf(shared.aws, tablesOf(bench)), "offsets", "show")).out;
  const reader = await bench.start();
  const [first] = shared.accounts;
  const preparing = await mysql.connect(first);
  await preparing.query("XA START 'order 7','b1'");
  await preparing.query("INSERT INTO shop.orders VALUES (1, ?)", [first.user]);
  await preparing.query("XA END 'order 7','b1'");
  await preparing.query("XA PREPARE 'order 7','b1'");
  preparing.destroy();

  const open = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      const account = shared.accounts[i % shared.accounts.length] ?? first;
      return { account, connection: await mysql.connect(account) };
    }),
  );
  await mysql.query("INSERT INTO shop.orders VALUES (2, 'root')");
  await bench.takeFrames(1);
  expect(await reader.stop()).toBe(0);
  expect(await show()).toMatch(
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
  // What was sent before comes again, and the route function drops it.
  const frames: Frame[] = [];
  while (frames.flatMap(({ changes }) => changes).length < CONNECTIONS)
    for (const frame of await bench.receive())
      frames.push({ ...frame, changes: frame.changes.filter(isNew) });
  const between = splitOf(frames);
  console.info(`${CONNECTIONS} changes of connections that came in between:`, between);
  expect(between).toMatchObject({ right: CONNECTIONS, wrong: 0, unknown: 0 });

  await mysql.query("XA COMMIT 'order 7','b1'");
  expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 1, wrong: 0, unknown: 0 });
  await expect.poll(show, { timeout: 10_000 }).not.toContain("waits for");
});
