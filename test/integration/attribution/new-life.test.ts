import { afterEach, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);
afterEach(async () => uninstallLedger(await mysql.connect()));

test("in a new life on the same server, connections are known that were registered in an earlier life", async () => {
  await installLedger(await mysql.connect());
  const [account] = shared.accounts;
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const pooled = await mysql.connect(account);
  const insert = (id: number) =>
    pooled.query("INSERT INTO shop.orders VALUES (?, ?)", [id, account.user]);
  await insert(1);
  const [before] = await bench.takeFrames(1);
  expect(before?.authors).toMatchObject([{ user: account.user, attribution: "ledger" }]);
  expect(await reader.stop()).toBe(0);

  await mysql.query("FLUSH BINARY LOGS");
  await insert(2);
  pooled.destroy();
  const [log] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  const stack = stackFileOf(shared.aws, tablesOf(bench));
  const set = await binlogRouterOn(stack, "offsets", "set", "--file", `${log?.File}:4`, "--yes");
  expect(set).toMatchObject({ code: 0, problem: "" });
  await bench.start();
  const [after] = await bench.takeFrames(1);
  expect(after?.authors).toMatchObject([{ user: account.user, attribution: "ledger" }]);
});
