import { expect, test } from "vitest";
import { FollowedTables } from "../../../../reader/statements/followed-tables.ts";
import { isSafeToPass } from "../../../../reader/statements/safe-to-pass.ts";
import { readStatement } from "../../../../reader/statements/statement.ts";
import { queryEvent, type QuerySession } from "../../../support/query-event.ts";

const followed = new FollowedTables({
  patterns: ["shop.orders", "crm.*", "!crm.*"],
  statementTables: ["shop.heartbeat", "shop.ord*", "percona.a"],
  ledger: "binlog_router.sessions",
  lowerCase: false,
});

function passes(sql: string, session: QuerySession): boolean {
  const query = queryEvent(sql, session);
  const statement = readStatement(query);
  if (statement.kind !== "rows") throw new Error(`${sql} is ${statement.kind}`);
  return isSafeToPass(statement.verb, query, followed);
}

const CHECKSUM =
  "REPLACE INTO `percona`.`checksums` (db, tbl, chunk, this_cnt, this_crc) SELECT 'shop', 'orders', '1', COUNT(*) AS cnt, " +
  "COALESCE(LOWER(CONV(BIT_XOR(CAST(CRC32(CONCAT_WS('#', `id`, ISNULL(`note`))) AS UNSIGNED)), 10, 16)), 0) AS crc " +
  "FROM `shop`.`orders` FORCE INDEX(`PRIMARY`) WHERE ((`id` >= '1')) /*checksum chunk*/";

test.each<[string, QuerySession]>([
  ["REPLACE INTO heartbeat VALUES (1)", { schema: "percona", databases: ["percona"] }],
  ["CALL percona.beat()", { databases: ["percona"] }],
  ["INSERT INTO crm.a VALUES (1)", { databases: ["crm"] }],
  [CHECKSUM, { databases: ["percona", "shop"] }],
  [CHECKSUM, { databases: null }],
  [
    "CREATE TEMPORARY TABLE percona.a SELECT * FROM shop.orders",
    { databases: ["percona", "shop"] },
  ],
  ["CREATE TEMPORARY TABLE percona.b SELECT * FROM percona.c", { databases: ["percona"] }],
  ["INSERT INTO percona.a TABLE shop.orders", { databases: ["percona", "shop"] }],
  ["UPDATE percona.a SET x = (SELECT MAX(id) FROM orders)", { databases: ["percona", "shop"] }],
  [
    "UPDATE (percona.a JOIN (SELECT id FROM shop.orders) o USING (id)) SET x = 1",
    { databases: ["percona", "shop"] },
  ],
  ["DELETE a, b FROM percona.a JOIN percona.b USING (id)", { databases: ["percona"] }],
  ["LOAD DATA INFILE 'x' INTO TABLE percona.a", { databases: ["percona"] }],
  ["CREATE TABLE percona.a SELECT * FROM shop.orders", { databases: ["percona", "shop"] }],
  ["INSERT INTO percona.a VALUES (CONCAT('a', 'f(1)'))", { databases: ["percona"] }],
  // Statements of pt-heartbeat.
  [
    "UPDATE heartbeat SET ts='2026-11-28T14:00:00', position='157', exec_master_log_pos=NULL WHERE server_id='1'",
    { databases: ["shop"] },
  ],
  ["REPLACE INTO `shop`.`heartbeat` (ts, server_id) VALUES (NOW(6), '1')", { databases: ["shop"] }],
  ["REPLACE INTO shop.heartbeat VALUES (1)", { schema: "", databases: null }],
  ["INSERT INTO heartbeat SELECT MAX(id) FROM orders", { databases: ["shop"] }],
  ["DELETE FROM heartbeat WHERE ts < NOW() - INTERVAL (1) DAY", { databases: ["shop"] }],
  ["LOAD DATA INFILE 'x' INTO TABLE shop.heartbeat (ts)", { databases: ["shop"] }],
  ["DELETE FROM percona.a WHERE id IN (SELECT id FROM orders)", { databases: ["percona", "shop"] }],
  [
    "INSERT INTO percona.a SELECT TRIM('x' FROM note) FROM (percona.b, shop.orders)",
    { schema: "percona", databases: ["percona", "shop"] },
  ],
])("%s cannot change a followed table", (sql, session) => {
  expect(passes(sql, session)).toBe(true);
});

test.each<[string, QuerySession]>([
  ["INSERT INTO orders VALUES (1)", { databases: ["shop"] }],
  ["INSERT INTO orders VALUES (1)", {}],
  ...["percona.t", "percona.t.*", "t", "t.*", ".t", ".t.*"].flatMap(
    (table): [string, QuerySession][] =>
      [
        `DELETE FROM ${table}, shop.orders USING percona.t JOIN shop.orders`,
        `DELETE FROM shop.orders.*, ${table} USING percona.t JOIN shop.orders`,
        `DELETE ${table}, shop.orders FROM percona.t JOIN shop.orders`,
        `WITH c AS (SELECT 1) DELETE FROM ${table}, shop.orders.* USING percona.t, shop.orders`,
      ].map((sql) => [sql, { schema: "percona", databases: ["percona", "shop"] }]),
  ),
  [
    "DELETE FROM shop.heartbeat.*, shop.orders USING heartbeat JOIN orders",
    { databases: ["shop"] },
  ],
  // The text reads no table of the default database: the FROM names no table there, or the name
  // before a dot is an alias or a column. So a trigger or view may have led to that database.
  ...[
    "INSERT INTO percona.a VALUES (1, TRIM(LEADING 'x' FROM 'xy'))",
    "INSERT INTO percona.a SELECT 1 FROM DUAL",
    "INSERT INTO percona.a (shop.x) VALUES (1)",
    "UPDATE percona.a SET x = EXTRACT(DAY FROM NOW())",
    "UPDATE percona.a AS shop SET shop.x = 1",
    "DELETE FROM percona.a WHERE EXTRACT(DAY FROM ts) = 1",
    "UPDATE shop.heartbeat, percona.b SET ts = NOW()",
    "INSERT INTO percona.a SELECT id, 1 FROM percona.b ON DUPLICATE KEY UPDATE x = 1, y = 2",
    "INSERT INTO percona.a SELECT 1 FROM percona.b AS b, percona.c AS c FOR SHARE OF b, c",
    "INSERT INTO percona.a WITH c AS (SELECT 1) SELECT * FROM c",
    "UPDATE percona.a SET x = (WITH c AS (SELECT 1) SELECT * FROM c)",
    "WITH c AS (SELECT 1) UPDATE percona.a SET x = (SELECT * FROM c)",
  ].map((sql): [string, QuerySession] => [sql, { schema: "shop", databases: ["percona", "shop"] }]),
  // The text reads the database, but a trigger of the written table, or a function in a view that
  // is read, may also write to it.
  ...[
    "INSERT INTO percona.b TABLE shop.orders",
    "REPLACE INTO percona.b SELECT COUNT(*) FROM shop.orders",
    "UPDATE percona.b SET x = (SELECT MAX(id) FROM orders)",
    "UPDATE percona.a, percona.b SET a.x = (SELECT MAX(id) FROM orders)",
    "DELETE FROM percona.b WHERE id IN (SELECT id FROM orders)",
  ].map((sql): [string, QuerySession] => [sql, { databases: ["percona", "shop"] }]),
  ["REPLACE INTO percona.b SELECT COUNT(*) FROM shop.orders", { databases: null }],
  ["INSERT INTO percona.b TABLE percona.c", { databases: null }],
  ["UPDATE shop.heartbeat SET ts = (TABLE shop.v LIMIT 1)", { databases: null }],
  ["UPDATE shop.heartbeat SET ts = (SELECT 1 UNION TABLE shop.v)", { databases: null }],
  ["DELETE FROM shop.heartbeat WHERE ts IN (TABLE shop.v)", { databases: null }],
  ["INSERT INTO percona.parents VALUES (TRIM('x' FROM 'xy'))", { databases: null }],
  [
    "WITH c AS (SELECT id FROM shop.v) DELETE FROM shop.heartbeat WHERE id IN (SELECT id FROM c)",
    { databases: null },
  ],
  // The text does not show the triggers of another table of the database.
  ["INSERT INTO shop.other VALUES (1)", { databases: ["shop"] }],
  // The text does not name the database, so a trigger or a view leads to it.
  ["INSERT INTO percona.a VALUES (1)", { databases: ["percona", "shop"] }],
  ["UPDATE percona.view_of_orders SET x = 1", { databases: ["shop"] }],
  [
    "INSERT INTO percona.a SELECT percona.f(id) FROM shop.orders",
    { databases: ["percona", "shop"] },
  ],
  ["INSERT INTO percona.a SELECT f (id) FROM shop.orders", { databases: ["percona", "shop"] }],
  ["INSERT INTO percona.a SELECT `count`(id) FROM shop.orders", { databases: ["percona", "shop"] }],
  ["UPDATE percona.a JOIN shop.orders USING (id) SET a.x = 1", { databases: ["percona", "shop"] }],
  ["UPDATE percona.a, (shop.orders) SET a.x = 1", { databases: ["percona", "shop"] }],
  ["DELETE o FROM percona.a, shop.orders AS o", { databases: ["percona", "shop"] }],
  ["DELETE FROM o USING percona.a JOIN shop.orders o", { databases: ["percona", "shop"] }],
  ["WITH c AS (SELECT 1) DELETE FROM shop.orders", { databases: ["shop"] }],
  // A foreign key may lead anywhere.
  ["DELETE FROM percona.parents", { databases: null }],
  ["REPLACE INTO percona.parents VALUES (1)", { databases: null }],
  ["CALL shop.p()", { databases: ["shop"] }],
  ["SELECT `shop`.`f`()", { databases: ["shop"] }],
  ["CREATE TABLE shop.orders SELECT 1", { databases: ["shop"] }],
  // MySQL logs the statement with escapes, but the SQL mode is NO_BACKSLASH_ESCAPES.
  ["LOAD DATA INFILE 'x' INTO TABLE shop.heartbeat", { databases: ["shop"], sqlMode: 1 << 20 }],
  ["LOAD DATA INFILE 'x' INTO TABLE orders", { databases: ["shop"] }],
  ["INSERT INTO binlog_router.sessions VALUES (1)", { databases: ["binlog_router"] }],
  // The FROM of a DELETE does not read the default database; a trigger may have led to it.
  ["DELETE FROM percona.a", { schema: "shop", databases: ["percona", "shop"] }],
  [
    "WITH c AS (SELECT 1) DELETE FROM percona.a",
    { schema: "shop", databases: ["percona", "shop"] },
  ],
  ["LOAD DATA INFILE 'from' INTO TABLE percona.a", { databases: ["percona", "shop"] }],
  // Followed tables stay followed, even if source.statementTables matches them as well.
  ["INSERT INTO shop.orders VALUES (1)", { databases: ["shop"] }],
  ["UPDATE heartbeat JOIN orders USING (id) SET heartbeat.x = 1", { databases: ["shop"] }],
  ["INSERT INTO heartbeat VALUES (f(1))", { databases: ["shop"] }],
  ["DELETE h FROM heartbeat h JOIN parents USING (id)", { databases: null }],
])("%s may change a followed table", (sql, session) => {
  expect(passes(sql, session)).toBe(false);
});

test("the table of pt-table-checksum is harmless unless the configuration follows it", () => {
  const options = { patterns: ["shop.*"], ledger: "binlog_router.sessions", lowerCase: false };
  const query = queryEvent(CHECKSUM, { databases: ["percona", "shop"] });
  expect(isSafeToPass("REPLACE", query, new FollowedTables(options))).toBe(true);
  const statementTables = ["!percona.checksums"];
  const without = new FollowedTables({ ...options, statementTables });
  expect(isSafeToPass("REPLACE", query, without)).toBe(false);
});

test("names are compared as the server compares them, with lower_case_table_names", () => {
  const lower = new FollowedTables({
    patterns: ["Shop.Orders"],
    statementTables: ["Shop.Heartbeat", "Percona.A"],
    ledger: "binlog_router.sessions",
    lowerCase: true,
  });
  const passesIn = (sql: string, session: QuerySession): boolean =>
    isSafeToPass(sql.split(" ", 1)[0] ?? "", queryEvent(sql, session), lower);
  expect(passesIn("REPLACE INTO SHOP.heartBEAT VALUES (1)", { databases: ["shop"] })).toBe(true);
  expect(passesIn("REPLACE INTO SHOP.orders VALUES (1)", { databases: ["shop"] })).toBe(false);
  const checksum = "REPLACE INTO percona.a SELECT MAX(id) FROM SHOP.orders";
  expect(passesIn(checksum, { schema: "x", databases: ["percona", "Shop"] })).toBe(true);
});
