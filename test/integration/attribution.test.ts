import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../infra/local/aws/start-local-aws.ts";
import { installLedger, uninstallLedger } from "../../reader/ledger/install-ledger.ts";
import { type Account, useMysql } from "../support/mysql.ts";
import { ReaderBench } from "../support/reader.ts";
import { insertBriefly, splitOf } from "../support/short-connections.ts";

const ENVIRONMENTS = ["production", "staging", "test"] as const;

const mysql = useMysql();
let aws: LocalAws;
let accounts: Account[];

beforeAll(async () => {
  aws = await startLocalAws();
  accounts = await Promise.all(
    ENVIRONMENTS.map((name) => mysql.createAccount(`app_${name}`, ["ALL ON shop.*"])),
  );
});
afterAll(async () => aws[Symbol.asyncDispose]());
beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
});

describe("with the session ledger", () => {
  beforeAll(async () => installLedger(await mysql.connect()));
  afterAll(async () => uninstallLedger(await mysql.connect()));

  test("every author of a short connection is known, and right", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    await bench.start();
    await insertBriefly(mysql.server, accounts, { count: 600 });
    const split = splitOf(await bench.takeFrames(600));
    console.info("600 short connections, with the ledger:", split);
    expect(split).toEqual({ right: 600, wrong: 0, unknown: 0, attributions: { ledger: 600 } });
  });

  test("a reader that starts again in mid-stream knows who connected before its offset", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    const first = await bench.start();
    const pool = await Promise.all(accounts.map((account) => mysql.connect(account)));
    // Something that moves the offset past the registrations, and nothing else of these connections.
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
