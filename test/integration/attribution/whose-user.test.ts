import { beforeAll, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// The author is the user who logged in, whatever privileges a statement runs with. Each row
// contains the expected account.

const mysql = useMysql({
  variables: { check_proxy_users: "ON", sha256_password_proxy_users: "ON" },
});
const shared = useThreeEnvironments(mysql);

beforeAll(async () => installLedger(await mysql.connect()));

test("roles, definers and proxied accounts do not change the author", async () => {
  const [production, staging] = shared.accounts;
  await mysql.query("CREATE ROLE writer");
  await mysql.query("GRANT ALL ON shop.* TO writer");
  await mysql.query("CREATE USER visitor IDENTIFIED BY 'visitor'");
  await mysql.query("GRANT writer TO visitor");
  await mysql.query("GRANT SELECT, INSERT ON shop.* TO visitor");
  await mysql.query(
    `CREATE DEFINER = ${production.user}@'%' SQL SECURITY DEFINER VIEW shop.view AS SELECT * FROM shop.orders`,
  );
  await mysql.query("CREATE USER proxy IDENTIFIED WITH sha256_password BY 'proxy'");
  await mysql.query("GRANT PROXY ON ?@'%' TO proxy", [production.user]);

  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  const visitor = await mysql.connect({ user: "visitor", password: "visitor" });
  await visitor.query("SET ROLE writer");
  await visitor.query("INSERT INTO shop.orders VALUES (1, 'visitor')");
  await visitor.query("SET ROLE NONE");
  await visitor.query("INSERT INTO shop.view VALUES (2, 'visitor')");
  const proxy = await mysql.connect({ user: "proxy", password: "proxy" });
  const [rows] = await proxy.query("SELECT USER() AS user, CURRENT_USER() AS account");
  expect(rows).toEqual([{ user: "proxy@localhost", account: `${production.user}@%` }]);
  await proxy.query("INSERT INTO shop.orders VALUES (3, 'proxy')");
  const other = await mysql.connect(staging);
  await other.query("INSERT INTO shop.orders VALUES (4, ?)", [staging.user]);
  expect(splitOf(await bench.takeFrames(4))).toMatchObject({ right: 4, wrong: 0, unknown: 0 });
});
