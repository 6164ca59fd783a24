import type { Connection } from "mysql2/promise";
import { beforeEach, describe, expect, test } from "vitest";
import type { Frame } from "../../../wire/frame.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";

// A reader process follows a server whose binlog contains statements.

const mysql = useMysql({
  variables: {
    log_bin_trust_function_creators: true,
    local_infile: true,
    max_allowed_packet: "64M",
  },
});
const aws = useLocalAws();

beforeEach(async () => {
  for (const database of ["shop", "percona"]) {
    await mysql.query(`DROP DATABASE IF EXISTS ${database}`);
    await mysql.query(`CREATE DATABASE ${database}`);
  }
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT)");
  await mysql.query("INSERT INTO shop.orders VALUES (1, 'x')");
});

/** `op database.table` of every change. */
function changesOf(frames: readonly Frame[]): string[] {
  return frames.flatMap(({ changes, tables }) =>
    changes.map(({ op, table }) => `${op} ${tables[table]?.slice(0, 2).map(String).join(".")}`),
  );
}

/** A session in statement format, as pt-table-checksum uses it. */
async function statementSession(): Promise<Connection> {
  const connection = await mysql.connect(undefined, { database: "shop" });
  await connection.query("SET SESSION binlog_format = 'STATEMENT'");
  return connection;
}

describe("a session in statement format", () => {
  test("is skipped when it writes tables that are not followed", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    await mysql.query("CREATE TABLE percona.heartbeat (id INT PRIMARY KEY, ts DATETIME)");
    await mysql.query(
      "CREATE TABLE percona.checksums (db CHAR(64), tbl CHAR(64), chunk INT, cnt INT, crc CHAR(40), PRIMARY KEY (db, tbl, chunk))",
    );
    await mysql.query("CREATE TABLE percona.loaded (line TEXT)");
    await mysql.query("CREATE PROCEDURE percona.beat() UPDATE percona.heartbeat SET ts = NOW()");
    await bench.start();
    const session = await statementSession();
    for (const statement of [
      "REPLACE INTO percona.heartbeat VALUES (1, NOW())",
      "CALL percona.beat()",
      "REPLACE INTO `percona`.`checksums` (db, tbl, chunk, cnt, crc) SELECT 'shop', 'orders', 1, COUNT(*), COALESCE(LOWER(CONV(BIT_XOR(CAST(CRC32(CONCAT_WS('#', `id`, ISNULL(`note`))) AS UNSIGNED)), 10, 16)), 0) FROM `shop`.`orders` FORCE INDEX(`PRIMARY`) WHERE ((`id` >= 1)) /*checksum chunk*/",
      "UPDATE percona.checksums SET cnt = cnt + 1",
      "CREATE TABLE percona.copy SELECT * FROM percona.checksums",
      "--\nDELETE FROM percona.heartbeat",
      "/*!50000 INSERT */ INTO percona.heartbeat VALUES (2, NULL)",
    ]) {
      await session.query(statement);
    }
    await mysql.query("INSERT INTO shop.orders VALUES (2, 'y')");
    expect(changesOf(await bench.takeFrames(1))).toEqual(["c shop.orders"]);
  });

  test("is skipped when it writes a table that is listed in source.statementTables", async () => {
    await using bench = await ReaderBench.create(aws, mysql.server, {
      SOURCE_TABLES: '["shop.*", "!shop.heartbeat"]',
      STATEMENT_TABLES: '["shop.heartbeat"]',
    });
    await mysql.query(
      "CREATE TABLE shop.heartbeat (server_id INT PRIMARY KEY, ts VARCHAR(26), position BIGINT)",
    );
    await mysql.query(
      "CREATE TABLE shop.beats (a INT, FOREIGN KEY (a) REFERENCES heartbeat (server_id))",
    );
    const reader = await bench.start();
    const session = await statementSession();
    for (const statement of [
      "REPLACE INTO `shop`.`heartbeat` (ts, server_id) VALUES ('2026-11-28T14:00:00', 1)",
      "UPDATE heartbeat SET ts = NOW(6), position = 157 WHERE server_id = 1",
      "INSERT INTO heartbeat VALUES (2, UTC_TIMESTAMP(6), NULL)",
      "DELETE FROM heartbeat WHERE server_id = 2",
    ]) {
      await session.query(statement);
    }
    await mysql.query("INSERT INTO shop.orders VALUES (2, 'y')");
    expect(changesOf(await bench.takeFrames(1))).toEqual(["c shop.orders"]);
    await session.query("UPDATE heartbeat, orders SET note = ts");
    const { error } = (await reader.logged("stopped by an error")) as { error?: { name?: string } };
    expect(error?.name).toBe("UnreadableTransactionError");
  });

  test.each([
    "INSERT INTO orders VALUES (2, 'y')",
    "/*!50000 INSERT */ INTO orders VALUES (2, 'y')",
    "--\nINSERT INTO orders VALUES (2, 'y')",
    "WITH a AS (SELECT 1) DELETE FROM orders",
    "UPDATE percona.t JOIN orders ON id = a SET note = 'y'",
    "UPDATE percona.v SET note = 'y'",
    "INSERT INTO percona.triggered VALUES (3)",
    // Its FROM names the table that it writes, not a table of the default database, shop.
    "DELETE FROM percona.triggered",
    // The FROM of a function names no table of shop.
    "INSERT INTO percona.triggered VALUES (5 + LENGTH(TRIM('x' FROM 'xy')))",
    // Neither a column behind a comma nor a common table names a table of shop.
    "INSERT INTO percona.triggered SELECT a + 5 FROM percona.t ON DUPLICATE KEY UPDATE a = 1, a = 2",
    "INSERT INTO percona.triggered WITH c AS (SELECT 7 AS a) SELECT a FROM c",
    "DELETE FROM percona.t.*, shop.orders USING percona.t JOIN shop.orders",
    "DELETE FROM percona.parent",
    "INSERT INTO percona.t VALUES (percona.f(7))",
    "DO percona.f(8)",
    "CREATE TABLE copied SELECT * FROM orders",
    "CREATE TABLE copied (PRIMARY KEY (id)) TABLE orders",
  ])("stops the reader with %s, after which it can continue", async (statement) => {
    await using bench = await ReaderBench.create(aws, mysql.server);
    await mysql.query("CREATE TABLE percona.t (a INT)");
    await mysql.query("INSERT INTO percona.t VALUES (1)");
    await mysql.query("CREATE VIEW percona.v AS SELECT * FROM shop.orders");
    await mysql.query("CREATE TABLE percona.triggered (a INT)");
    await mysql.query(
      "CREATE TRIGGER percona.r AFTER INSERT ON percona.triggered FOR EACH ROW INSERT INTO shop.orders VALUES (NEW.a, 'y')",
    );
    await mysql.query("INSERT INTO percona.triggered VALUES (4)");
    await mysql.query(
      "CREATE TRIGGER percona.d AFTER DELETE ON percona.triggered FOR EACH ROW DELETE FROM shop.orders",
    );
    await mysql.query("CREATE TABLE percona.parent (a INT PRIMARY KEY)");
    await mysql.query("INSERT INTO percona.parent VALUES (1)");
    await mysql.query(
      "CREATE TABLE shop.child (a INT, FOREIGN KEY (a) REFERENCES percona.parent (a) ON DELETE CASCADE)",
    );
    await mysql.query("INSERT INTO shop.child VALUES (1)");
    await mysql.query(
      "CREATE FUNCTION percona.f(a INT) RETURNS INT BEGIN INSERT INTO shop.orders VALUES (a, 'y'); RETURN a; END",
    );
    const reader = await bench.start();
    const session = await statementSession();
    await session.query(statement);
    await mysql.query("INSERT INTO shop.orders VALUES (100, 'behind')");
    const { error } = (await reader.logged("stopped by an error")) as {
      error?: { name?: string; message?: string };
    };
    expect(error).toMatchObject({
      name: "UnreadableTransactionError",
      message: expect.stringMatching(
        /in statement format \((INSERT|UPDATE|DELETE|WITH|SELECT|CREATE TABLE … SELECT)\)/,
      ),
    });
    const command = /`npm run offsets -- (set --past [0-9a-f-]{36}:\d+)`/.exec(
      error?.message ?? "",
    )?.[1];
    await moveReader(bench, command ?? "");
    await bench.start();
    expect(changesOf(await bench.takeFrames(1))).toEqual(["c shop.orders"]);
  });
});

test("DROP DATABASE is delivered as a statement about all the database's tables", async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  await bench.start();
  await mysql.query("DROP DATABASE percona");
  await mysql.query("DROP DATABASE shop");
  const frames = await receiveChanges(bench, 1);
  expect(changesOf(frames)).toEqual(["ddl shop."]);
  expect(frames[0]?.changes[0]?.after).toBe('"DROP DATABASE shop"');
});

test("large statements are read within the reader's memory", { timeout: 240_000 }, async () => {
  await using bench = await ReaderBench.create(aws, mysql.server);
  const reader = await bench.start();
  const connection = await mysql.connect(undefined, { database: "percona" });
  const statements = "SET @a = @a + 1; ".repeat(360_000);
  await connection.query(`CREATE PROCEDURE large() BEGIN ${statements} END`);
  await connection.query(`CREATE PROCEDURE literal() SELECT '${"x".repeat(9 << 20)}'`);
  await connection.query(`/* ${"/ ".repeat(20 << 20)} */ CREATE TABLE commented (a INT)`);
  await connection.query("INSERT INTO shop.orders VALUES (2, 'y')");
  expect(changesOf(await bench.takeFrames(1))).toEqual(["c shop.orders"]);
  expect(reader.hasEnded).toBe(false);
});

/** Takes frames until they contain `count` changes, including statements. */
async function receiveChanges(bench: ReaderBench, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (changesOf(frames).length < count) frames.push(...(await bench.receive()));
  return frames;
}

/** Follows the remedy of an error with the command that it names. */
async function moveReader(bench: ReaderBench, command: string): Promise<void> {
  const stack = stackFileOf(aws, tablesOf(bench));
  const moved = await binlogRouterOn(stack, "offsets", ...command.split(" "), "--yes");
  expect(moved).toMatchObject({ code: 0, problem: "" });
}
