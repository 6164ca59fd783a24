import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { type KnownChange, knownChanges } from "../../support/known-changes.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

const mysql = useMysql({ variables: { event_scheduler: "ON", local_infile: "ON" } });
const aws = useLocalAws();
let bench: ReaderBench;
let staging: Account;
let production: Account;

beforeAll(async () => {
  staging = await mysql.createAccount("app_staging", [
    "ALL ON shop.*",
    "SESSION_VARIABLES_ADMIN, XA_RECOVER_ADMIN ON *.*",
  ]);
  production = await mysql.createAccount("app_production", ["ALL ON shop.*"]);
  await installLedger(await mysql.connect());
  await mysql.query("SET GLOBAL log_bin_trust_function_creators = ON");
  await mysql.query("CREATE DATABASE shop");
  bench = await ReaderBench.create(aws, mysql.server);
  await bench.start();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await mysql.query("DROP TABLE IF EXISTS shop.orders, shop.audit");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
  await mysql.query("CREATE TABLE shop.audit (id INT PRIMARY KEY, note VARCHAR(100))");
  await mark();
});

let marks = 0;

/** Writes a change as the administrator; it marks the end of a test's changes. */
async function mark(): Promise<KnownChange[]> {
  const id = 1_000_000 + ++marks;
  await mysql.query("INSERT INTO shop.orders (id, note) VALUES (?, 'mark')", [id]);
  const changes: KnownChange[] = [];
  for (;;) {
    changes.push(...knownChanges(await bench.receive()));
    const at = changes.findIndex(({ after }) => (after as { id?: number } | null)?.id === id);
    if (at >= 0) return changes.slice(0, at);
  }
}

/** `op table user` of each change that an account's statements cause. */
async function changesBy(
  account: Account,
  act: (connection: Connection) => Promise<unknown>,
): Promise<string[]> {
  const connection = await mysql.connect(account, { database: "shop", multipleStatements: true });
  await act(connection);
  return (await mark()).map(summary);
}

function summary({ op, table, user }: KnownChange): string {
  return `${op} ${table} ${user ?? "unknown"}`;
}

test("a trigger's changes belong to the session that fired it", async () => {
  await mysql.query(
    "CREATE TRIGGER shop.copied AFTER INSERT ON shop.orders FOR EACH ROW INSERT INTO shop.audit VALUES (NEW.id, USER())",
  );
  const changes = await changesBy(staging, (connection) =>
    connection.query("INSERT INTO orders VALUES (1, 'x')"),
  );
  await mysql.query("DROP TRIGGER shop.copied");
  expect(changes).toEqual(
    expect.arrayContaining(["c shop.orders app_staging", "c shop.audit app_staging"]),
  );
});

test("a procedure's and a function's changes belong to the caller, not the definer", async () => {
  await mysql.query("CREATE PROCEDURE shop.write_one() INSERT INTO shop.orders VALUES (1, 'x')");
  await mysql.query(
    "CREATE FUNCTION shop.write_two() RETURNS INT DETERMINISTIC BEGIN INSERT INTO shop.orders VALUES (2, 'x'); RETURN 1; END",
  );
  expect(
    await changesBy(staging, (connection) =>
      connection.query("CALL write_one(); SELECT write_two()"),
    ),
  ).toEqual(["c shop.orders app_staging", "c shop.orders app_staging"]);
});

test("an event's changes belong to its definer's session when its body registers itself", async () => {
  const connection = await mysql.connect(staging, { database: "shop" });
  await connection.query(
    `CREATE EVENT nightly ON SCHEDULE AT CURRENT_TIMESTAMP DO BEGIN
       CALL binlog_router.register_event(CURRENT_USER());
       INSERT INTO shop.orders VALUES (1, USER());
     END`,
  );
  const changes: KnownChange[] = [];
  while (changes.length === 0) changes.push(...knownChanges(await bench.receive()));
  expect(changes.map(summary)).toEqual(["c shop.orders app_staging"]);
});

test("an XA transaction is delivered when it commits, with the author who prepared it, and not when it is rolled back", async () => {
  const first = await mysql.connect(staging, { database: "shop" });
  await first.query("XA START 'kept'");
  await first.query("INSERT INTO orders VALUES (1, 'kept')");
  await first.query("XA END 'kept'");
  await first.query("XA PREPARE 'kept'");
  await first.query("XA START 'dropped'");
  await first.query("INSERT INTO orders VALUES (2, 'dropped')");
  await first.query("XA END 'dropped'");
  await first.query("XA PREPARE 'dropped'");
  first.destroy();
  expect(await mark()).toEqual([]);
  const other = await mysql.connect();
  await other.query("XA ROLLBACK 'dropped'");
  await other.query("XA COMMIT 'kept'");
  expect((await mark()).map(summary)).toEqual(["c shop.orders app_staging"]);
});

test("LOAD DATA, INSERT … SELECT, CREATE TABLE … SELECT and REPLACE are delivered row by row", async () => {
  const directory = await mkdtemp(join(tmpdir(), "binlog-router-load-"));
  const file = join(directory, "rows.csv");
  await writeFile(file, "1,a\n2,b\n");
  const changes = await changesBy(staging, async (connection) => {
    await connection.query({
      sql: "LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE orders FIELDS TERMINATED BY ','",
      infileStreamFactory: () => createReadStream(file),
    });
    await connection.query("INSERT INTO audit SELECT id + 10, note FROM orders WHERE id < 3");
    await connection.query(
      "CREATE TABLE copied (PRIMARY KEY (id)) SELECT * FROM orders WHERE id < 3",
    );
    await connection.query("REPLACE INTO orders VALUES (1, 'c')");
    await connection.query("DROP TABLE copied");
  });
  await rm(directory, { recursive: true });
  expect(changes).toEqual([
    "c shop.orders app_staging",
    "c shop.orders app_staging",
    "c shop.audit app_staging",
    "c shop.audit app_staging",
    "ddl shop.copied app_staging",
    "c shop.copied app_staging",
    "c shop.copied app_staging",
    "u shop.orders app_staging",
    "ddl shop.copied app_staging",
  ]);
});

test("changes of non-transactional tables are delivered, and those with sql_log_bin=0 are not", async () => {
  const changes = await changesBy(staging, async (connection) => {
    await connection.query("CREATE TABLE old (id INT PRIMARY KEY) ENGINE = MyISAM");
    await connection.query("INSERT INTO old VALUES (1), (2)");
    await connection.query("SET SESSION sql_log_bin = 0");
    await connection.query("INSERT INTO old VALUES (3)");
    await connection.query("SET SESSION sql_log_bin = 1");
    await connection.query("DROP TABLE old");
  });
  expect(changes).toEqual([
    "ddl shop.old app_staging",
    "c shop.old app_staging",
    "c shop.old app_staging",
    "ddl shop.old app_staging",
  ]);
});

test("statements that define tables are delivered with their text once for each table, and TRUNCATE as t", async () => {
  const changes = await changesBy(production, async (connection) => {
    await connection.query("ALTER TABLE orders ADD COLUMN total INT -- a comment");
    await connection.query("CREATE INDEX notes ON shop.orders (note)");
    await connection.query("TRUNCATE orders");
    await connection.query("RENAME TABLE orders TO kept, audit TO orders");
    await connection.query("RENAME TABLE orders TO audit, kept TO orders");
    await connection.query("CREATE TABLE `od``d` LIKE orders");
    await connection.query("DROP TABLE IF EXISTS `od``d`, missing");
    await connection.query("CREATE TEMPORARY TABLE scratch (id INT)");
    await connection.query("DROP TEMPORARY TABLE scratch");
  });
  expect(changes).toEqual([
    "ddl shop.orders app_production",
    "ddl shop.orders app_production",
    "t shop.orders app_production",
    "ddl shop.orders app_production",
    "ddl shop.kept app_production",
    "ddl shop.audit app_production",
    "ddl shop.orders app_production",
    "ddl shop.audit app_production",
    "ddl shop.kept app_production",
    "ddl shop.od`d app_production",
    "ddl shop.od`d app_production",
    "ddl shop.missing app_production",
  ]);
});
