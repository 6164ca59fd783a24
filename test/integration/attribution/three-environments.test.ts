import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { insertBriefly, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

describe("with the session ledger", () => {
  beforeAll(async () => installLedger(await mysql.connect()));
  afterAll(async () => uninstallLedger(await mysql.connect()));

  test("every author of a short connection is known and right", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    await bench.start();
    await insertBriefly(mysql.server, shared.accounts, { count: 600 });
    const split = splitOf(await bench.takeFrames(600));
    console.info("600 short connections, with the ledger:", split);
    expect(split).toEqual({ right: 600, wrong: 0, unknown: 0, attributions: { ledger: 600 } });
  });

  test("a restarted reader knows the connections from before its offset", async () => {
    await using bench = await ReaderBench.create(shared.aws, mysql.server);
    const first = await bench.start();
    const { accounts } = shared;
    const pool = await Promise.all(accounts.map((account) => mysql.connect(account)));
    // This insert moves the offset past the registrations. These connections write nothing else.
    await mysql.query("INSERT INTO shop.orders VALUES (1, 'root')");
    await bench.takeFrames(1);
    expect(await first.stop()).toBe(0);
    for (const [i, connection] of pool.entries()) {
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [10 + i, accounts[i]?.user]);
      connection.destroy();
    }
    await bench.start();
    const split = splitOf(await bench.takeFrames(3));
    expect(split).toEqual({ right: 3, wrong: 0, unknown: 0, attributions: { ledger: 3 } });
  });
});
