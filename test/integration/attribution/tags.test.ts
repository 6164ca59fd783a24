import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { tagOf } from "../../../wire/account-tag.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { insertBriefly, type Split, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const CONNECTIONS = Number(process.env["SHORT_CONNECTIONS"] ?? 300);
const POOLED = 20;
const CHANGES = 2000;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

beforeEach(async () => installLedger(await mysql.connect(), "ledger-and-tags"));
afterEach(async () => uninstallLedger(await mysql.connect()));

async function tagOfSession(connection: Connection): Promise<string | null> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@SESSION.gtid_next AS next");
  return /^AUTOMATIC:(.*)$/.exec(String(row?.["next"]))?.[1] ?? null;
}

const allRight = (changes: number): Split => ({
  right: changes,
  wrong: 0,
  unknown: 0,
  attributions: { tag: changes },
});

describe("a connection's tag", () => {
  test.each(["ledger-and-tags", "tags"] as const)(
    "encodes its user's name, whatever characters it has (%s)",
    async (registration) => {
      await installLedger(await mysql.connect(), registration);
      const names = ["app", "App-Prod.2", "zoe@home", "jürgen", "it's", "a b", "x".repeat(29), "_"];
      for (const name of [...names, "x".repeat(30), "ÄÖÜÄÖÜ"]) {
        const account = await mysql.createAccount(name, []);
        expect([name, await tagOfSession(await mysql.connect(account))]).toEqual([
          name,
          tagOf(name),
        ]);
        await mysql.query("DROP USER ?", [name]);
      }
    },
  );

  test("is set in sessions with any settings, and on a read-only server", async () => {
    const [account] = shared.accounts;
    for (const [name, value, usual] of [
      ["autocommit", "OFF", "ON"],
      ["sql_mode", "ANSI,NO_BACKSLASH_ESCAPES", "DEFAULT"],
      ["transaction_read_only", "ON", "OFF"],
      ["completion_type", "2", "0"],
      ["read_only", "ON", "OFF"],
    ]) {
      await mysql.query(`SET GLOBAL ${name} = ${value?.includes(",") ? `'${value}'` : value}`);
      const connection = await mysql.connect(account);
      const tag = await tagOfSession(connection);
      connection.destroy();
      await mysql.query(`SET GLOBAL ${name} = ${usual}`);
      expect([name, tag]).toEqual([name, "br_app_production"]);
    }
  });

  test("cannot be set by the account itself, and is removed with the tags", async () => {
    const connection = await mysql.connect(shared.accounts[0]);
    for (const value of ["AUTOMATIC:br_app_staging", "AUTOMATIC"])
      await expect(connection.query("SET SESSION gtid_next = ?", [value])).rejects.toThrow(
        "Access denied",
      );
    await installLedger(await mysql.connect(), "ledger");
    expect(await tagOfSession(await mysql.connect(shared.accounts[0]))).toBeNull();
    expect(
      await mysql.query("SELECT priv FROM mysql.global_grants WHERE user = 'binlog_router_ledger'"),
    ).toEqual([]);
  });
});

test("names every author of a short connection correctly when the ledger's table is dropped", async () => {
  await mysql.query("DROP TABLE binlog_router.sessions");
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  await insertBriefly(mysql.server, shared.accounts, { count: CONNECTIONS });
  const split = splitOf(await bench.takeFrames(CONNECTIONS));
  console.info(
    `${CONNECTIONS} short connections, with tags and without the ledger's table:`,
    split,
  );
  expect(split).toEqual(allRight(CONNECTIONS));
});

test("is in every kind of transaction, with the host of the ledger's row", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  const [, staging] = shared.accounts;
  const connection = await mysql.connect(staging);
  for (const statement of [
    "INSERT INTO shop.orders VALUES (1, 'app_staging')",
    "CREATE TABLE shop.copies SELECT * FROM shop.orders",
    "ALTER TABLE shop.copies ADD COLUMN more INT",
    "START TRANSACTION",
    "INSERT INTO shop.orders VALUES (2, 'app_staging')",
    "COMMIT",
    "LOCK TABLES shop.orders WRITE",
    "INSERT INTO shop.orders VALUES (3, 'app_staging')",
    "UNLOCK TABLES",
    "XA START 'x'",
    "INSERT INTO shop.orders VALUES (4, 'app_staging')",
    "XA END 'x'",
    "XA COMMIT 'x' ONE PHASE",
    "TRUNCATE shop.copies",
  ])
    await connection.query(statement);
  const authors = (await bench.takeFrames(6)).flatMap((frame) => frame.authors);
  for (const author of authors)
    expect(author).toEqual({ user: "app_staging", host: "localhost", attribution: "tag" });
});

/**
 * What a pool does with a connection between two uses, with or without the registering call
 * afterwards.
 */
type Between = "change" | "reset" | "change, call";

async function usePool(between: Between): Promise<Split> {
  await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
  await bench.start();
  const { accounts } = shared;
  let next = 0;
  const work = async (_: unknown, i: number): Promise<void> => {
    const connection = await mysql.connect(accounts[0]);
    await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [-i, accounts[0].user]);
    for (let id = next++; id < CHANGES; id = next++) {
      const isChanged = between !== "reset";
      const { user, password } = accounts[isChanged ? id % accounts.length : 0] as Account;
      if (isChanged) await connection.changeUser({ user, password });
      else await connection.reset();
      if (between === "change, call")
        await connection.query("CALL binlog_router.register_session()");
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [id + 1, user]);
    }
  };
  await Promise.all(Array.from({ length: POOLED }, work));
  return splitOf(await bench.takeFrames(CHANGES + POOLED));
}

describe("connections of a pool", () => {
  test("that change their user have the right authors with the call", async () => {
    const split = await usePool("change, call");
    console.info(`${CHANGES} changes of user on ${POOLED} connections, with the call:`, split);
    expect(split).toEqual(allRight(CHANGES + POOLED));
  });

  test("that change their user without the call are attributed by the process list or parked", async () => {
    const split = await usePool("change");
    console.info(`${CHANGES} changes of user on ${POOLED} connections, without the call:`, split);
    expect(split).toMatchObject({ wrong: 0, unknown: CHANGES + POOLED - split.right });
    expect(split.right).toBeGreaterThanOrEqual(POOLED);
  });

  test("that are reset without the call are attributed while they are open", async () => {
    const split = await usePool("reset");
    console.info(`${CHANGES} resets on ${POOLED} connections, without the call:`, split);
    expect(split).toEqual({
      right: CHANGES + POOLED,
      wrong: 0,
      unknown: 0,
      attributions: { tag: POOLED, "first-sight": CHANGES },
    });
  });
});

test("a reset session has its author while its connection is open, also for the next reader", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
  let reader = await bench.start();
  const [production, staging] = shared.accounts;
  const connection = await mysql.connect(production);
  let id = 0;
  const next = async (user = "app_production"): Promise<Split["attributions"]> => {
    await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [++id, user]);
    const { wrong, attributions } = splitOf(await bench.takeFrames(1));
    expect(wrong).toBe(0);
    return attributions;
  };
  expect(await next()).toEqual({ tag: 1 });
  await connection.reset();
  expect(await next()).toEqual({ "first-sight": 1 });
  expect(await reader.stop()).toBe(0);
  reader = await bench.start();
  expect(await next()).toEqual({ "first-sight": 1 });
  expect(await reader.stop()).toBe(0);
  // This was written while no reader could query the server: the user may have changed and changed
  // back since.
  await connection.query("INSERT INTO shop.orders VALUES (?, 'app_production')", [++id]);
  await bench.start();
  expect(splitOf(await bench.takeFrames(1)).attributions).toEqual({ unknown: 1 });
  await connection.query("CALL binlog_router.register_session()");
  expect(await next()).toEqual({ tag: 1 });
  // Within a transaction MySQL sets no tag, and the ledger's row has the former tag: the two
  // disagree.
  await connection.query("START TRANSACTION");
  await connection.query("INSERT INTO shop.orders VALUES (?, 'app_production')", [++id]);
  await connection.query("COMMIT");
  expect(splitOf(await bench.takeFrames(1)).attributions).toEqual({ tag: 1 });
  // The first query counts the change of user; later ones show that there was none since.
  await connection.changeUser(staging);
  expect(await next("app_staging")).toEqual({ unknown: 1 });
  expect(await next("app_staging")).toEqual({ "first-sight": 1 });
});

test("a change under another connection's thread id is not attributed to that connection", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
  await bench.start();
  const connection = await mysql.connect(shared.accounts[0]);
  await connection.query("INSERT INTO shop.orders VALUES (1, 'app_production')");
  const forging = await mysql.connect();
  await forging.query("SET SESSION pseudo_thread_id = ?", [connection.threadId]);
  await forging.query("INSERT INTO shop.orders VALUES (2, 'root')");
  await connection.query("INSERT INTO shop.orders VALUES (3, 'app_production')");
  expect(splitOf(await bench.takeFrames(3))).toEqual({
    right: 2,
    wrong: 0,
    unknown: 1,
    attributions: { tag: 2, unknown: 1 },
  });
});

test("a tag that an account sets itself does not override the ledger, and the reader logs the contradiction", async () => {
  const liar = await mysql.createAccount("app_liar", [
    "ALL ON shop.*",
    "TRANSACTION_GTID_TAG, SESSION_VARIABLES_ADMIN ON *.*",
  ]);
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const connection = await mysql.connect(liar);
  await connection.query("INSERT INTO shop.orders VALUES (1, 'app_liar')");
  await connection.query("SET SESSION gtid_next = 'AUTOMATIC:br_app_staging'");
  await connection.query("INSERT INTO shop.orders VALUES (2, 'app_liar')");
  expect(splitOf(await bench.takeFrames(2)).attributions).toEqual({ tag: 1, unknown: 1 });
  const { gtid } = await reader.logged(
    "a transaction's GTID tag names another user than the session ledger does for its connection: its author counts as unknown",
  );
  expect(gtid).toContain(":br_app_staging:");
});

test("an XA transaction that was prepared before a restart of the server has its author", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const [production, staging] = shared.accounts;
  const preparing = await mysql.connect(staging);
  for (const statement of [
    "XA START 'x'",
    "INSERT INTO shop.orders VALUES (1, 'app_staging')",
    "XA END 'x'",
    "XA PREPARE 'x'",
  ])
    await preparing.query(statement);
  preparing.destroy();
  await restartServer();
  // After the restart, other connections have these thread ids. One of them commits.
  const committing = await Promise.all(
    Array.from({ length: POOLED }, () => mysql.connect(production)),
  );
  for (const [i, connection] of committing.entries())
    await connection.query("INSERT INTO shop.orders VALUES (?, 'app_production')", [100 + i]);
  await committing[0]?.query("XA COMMIT 'x'");
  const split = splitOf(await bench.takeFrames(POOLED + 1));
  expect(split).toEqual(allRight(POOLED + 1));
  expect(await reader.stop()).toBe(0);
});

test("with tags alone every author is right across a restart of the server while the reader was stopped", async () => {
  await installLedger(await mysql.connect(), "tags");
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const [first, ...others] = shared.accounts;
  await insertBriefly(mysql.server, [first], { count: 20, firstId: 10_000 });
  await bench.takeFrames(20);
  expect(await reader.stop()).toBe(0);
  await insertBriefly(mysql.server, [first, ...others], { count: CONNECTIONS });
  await restartServer();
  await insertBriefly(mysql.server, [...others, first], {
    count: CONNECTIONS,
    firstId: CONNECTIONS + 1,
  });
  await bench.start();
  const split = splitOf(await bench.takeFrames(2 * CONNECTIONS));
  console.info(`restart while the reader was away, 2 × ${CONNECTIONS}, with tags alone:`, split);
  expect(split).toEqual(allRight(2 * CONNECTIONS));
});

test("a reader that catches up after the sessions table was deleted knows every author", async () => {
  await installLedger(await mysql.connect(), "tags");
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  const pool = await Promise.all(shared.accounts.map((account) => mysql.connect(account)));
  await insertBriefly(mysql.server, shared.accounts, { count: 20, firstId: 10_000 });
  await bench.takeFrames(20);
  expect(await reader.stop()).toBe(0);
  await insertBriefly(mysql.server, shared.accounts, { count: CONNECTIONS });
  for (const [i, connection] of pool.entries()) {
    const note = shared.accounts[i]?.user;
    await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [20_000 + i, note]);
    connection.destroy();
  }
  const dynamodb = new DynamoDBClient({
    region: shared.aws.region,
    credentials: shared.aws.credentials,
    endpoint: shared.aws.endpoints.dynamodb,
  });
  await dynamodb.send(new DeleteTableCommand({ TableName: `${bench.source}-sessions` }));
  dynamodb.destroy();
  await bench.start();
  const split = splitOf(await bench.takeFrames(CONNECTIONS + pool.length));
  console.info(`caught up without a sessions table, ${CONNECTIONS} connections:`, split);
  expect(split).toEqual(allRight(CONNECTIONS + pool.length));
});

test("an event that registers itself has its definer's tag", async () => {
  const [, staging] = shared.accounts;
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  await mysql.query(
    `CREATE DEFINER = 'app_staging'@'%' EVENT shop.nightly ON SCHEDULE AT NOW() DO BEGIN
       CALL binlog_router.register_event(CURRENT_USER());
       INSERT INTO shop.orders VALUES (1, ?);
     END`,
    [staging.user],
  );
  expect(splitOf(await bench.takeFrames(1))).toEqual(allRight(1));
});

/**
 * These servers run with --no-defaults and therefore ignore what SET PERSIST stored. The test sets
 * the variable again after the restart.
 */
async function restartServer(): Promise<void> {
  const [row] = await mysql.query<{ value: string }>("SELECT @@GLOBAL.init_connect AS value");
  await mysql.server.restart({ variables: { init_connect: row?.value ?? "" } });
}
