import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../infra/local/aws/start-local-aws.ts";
import { installLedger, uninstallLedger } from "../../reader/ledger/install-ledger.ts";
import { type Account, useMysql } from "../support/mysql.ts";
import { ReaderBench } from "../support/reader.ts";
import { type Split, splitOf } from "../support/short-connections.ts";

const CONNECTIONS = 20;
const CHANGES = 4000;

const mysql = useMysql();
let aws: LocalAws;
let accounts: Account[];

beforeAll(async () => {
  aws = await startLocalAws();
  accounts = await Promise.all(
    ["production", "staging", "test"].map((name) =>
      mysql.createAccount(`app_${name}`, ["ALL ON shop.*"]),
    ),
  );
});
afterAll(async () => aws[Symbol.asyncDispose]());
beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
});

/** A pool that gives its connections to another user for each insert, and `tell`s of it. */
async function changeUsers(tell: (connection: Connection) => Promise<unknown>): Promise<Split> {
  await using bench = await ReaderBench.create(aws, mysql.server, { SWEEP_SECONDS: "1" });
  await bench.start();
  let next = 0;
  const work = async (): Promise<void> => {
    const connection = await mysql.connect(accounts[0]);
    for (let id = next++; id < CHANGES; id = next++) {
      const { user, password } = accounts[id % accounts.length] as Account;
      await connection.changeUser({ user, password });
      await tell(connection);
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [id, user]);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return splitOf(await bench.takeFrames(CHANGES, 60_000));
}

test("with the ledger's procedure called after each change of user, every author is right", async () => {
  await installLedger(await mysql.connect());
  const split = await changeUsers((connection) =>
    connection.query("CALL binlog_router.register_session()"),
  );
  await uninstallLedger(await mysql.connect());
  console.info(`${CHANGES} changes of user on ${CONNECTIONS} connections, told:`, split);
  expect(split).toEqual({
    right: CHANGES,
    wrong: 0,
    unknown: 0,
    attributions: { ledger: CHANGES },
  });
});

test("untold, the ledger's word holds for the whole connection: the hazard that doctor reports", async () => {
  await installLedger(await mysql.connect());
  const split = await changeUsers(() => Promise.resolve());
  await uninstallLedger(await mysql.connect());
  console.info(`${CHANGES} changes of user on ${CONNECTIONS} connections, untold:`, split);
  // Nothing in the binlog tells the users apart: this is what the documentation warns of.
  expect(split.right + split.wrong + split.unknown).toBe(CHANGES);
  expect(split.wrong).toBeGreaterThan(0);
});
