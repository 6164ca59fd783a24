import { expect, test } from "vitest";
import { FollowedTables } from "../../../../reader/statements/followed-tables.ts";
import { isSafeToPass } from "../../../../reader/statements/safe-to-pass.ts";
import { readStatement } from "../../../../reader/statements/statement.ts";
import { queryEvent, type QuerySession } from "../../../support/query-event.ts";

const followed = new FollowedTables({
  patterns: ["shop.orders", "crm.*", "!crm.*"],
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
  ["UPDATE percona.a SET x = (SELECT MAX(id) FROM orders)", { databases: ["percona", "shop"] }],
  [
    "UPDATE (percona.a JOIN (SELECT id FROM shop.orders) o USING (id)) SET x = 1",
    { databases: ["percona", "shop"] },
  ],
  ["DELETE a, b FROM percona.a JOIN percona.b USING (id)", { databases: ["percona"] }],
  ["LOAD DATA INFILE 'x' INTO TABLE percona.a", { databases: ["percona"] }],
  ["CREATE TABLE percona.a SELECT * FROM shop.orders", { databases: ["percona", "shop"] }],
  ["INSERT INTO percona.a VALUES (CONCAT('a', 'f(1)'))", { databases: ["percona"] }],
])("%s leaves what is followed as it is", (sql, session) => {
  expect(passes(sql, session)).toBe(true);
});

test.each<[string, QuerySession]>([
  ["INSERT INTO orders VALUES (1)", { databases: ["shop"] }],
  ["INSERT INTO orders VALUES (1)", {}],
  // A trigger of another table of the database is not in the text.
  ["INSERT INTO shop.other VALUES (1)", { databases: ["shop"] }],
  // A trigger or a view that leads to the database, which the text does not name.
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
  ["LOAD DATA INFILE 'x' INTO TABLE orders", { databases: ["shop"] }],
  ["INSERT INTO binlog_router.sessions VALUES (1)", { databases: ["binlog_router"] }],
])("%s may change what is followed", (sql, session) => {
  expect(passes(sql, session)).toBe(false);
});
