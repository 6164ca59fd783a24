import type { Connection, RowDataPacket } from "mysql2/promise";
import { beforeAll, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { presentFile, replay } from "../../support/replay.ts";
import { insertBriefly, type Split, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// Faults that make thread ids, clocks, logs or the process list misleading. Attribution uses only
// GTID tags here: the ledger has no rows.

const SHORT = 60;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

beforeAll(async () => {
  await installLedger(await mysql.connect(), "tags");
});

function expectAllRight(what: string, split: Split, changes: number): void {
  console.info(`${what}:`, split);
  expect(split).toEqual({ right: changes, wrong: 0, unknown: 0, attributions: { tag: changes } });
}

async function restart(variables: Readonly<Record<string, string>> = {}): Promise<void> {
  const [row] = await mysql.query<{ value: string }>("SELECT @@GLOBAL.init_connect AS value");
  await mysql.server.restart({ variables: { init_connect: row?.value ?? "", ...variables } });
}

test("authors are right when sessions' clocks are years behind or ahead", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  let id = 0;
  for (const { user, password } of shared.accounts) {
    const connection = await mysql.connect({ user, password });
    for (const seconds of ["1", "2000000000", "DEFAULT"]) {
      await connection.query(`SET SESSION timestamp = ${seconds}`);
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [++id, user]);
    }
  }
  expectAllRight("clocks", splitOf(await bench.takeFrames(id)), id);
});

test("authors are right when the reader's account lacks PROCESS", async () => {
  const account = await mysql.createAccount("reader", [
    "REPLICATION SLAVE, REPLICATION CLIENT ON *.*",
    "SELECT ON performance_schema.*",
  ]);
  const { host, port } = mysql.server;
  await using bench = await ReaderBench.create(shared.aws, { host, port, ...account });
  await bench.start();
  await insertBriefly(mysql.server, shared.accounts, { count: SHORT });
  expectAllRight("no PROCESS", splitOf(await bench.takeFrames(SHORT)), SHORT);
});

test("changes of a replayed log have no tags and no author", async () => {
  await mysql.query("FLUSH BINARY LOGS");
  const recorded = await presentFile(mysql);
  await insertBriefly(mysql.server, [shared.accounts[1]], { count: SHORT });
  await restart();
  await mysql.query("DELETE FROM shop.orders");
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  // Other connections now have the log's thread ids.
  const pool = await Promise.all(
    Array.from({ length: SHORT }, () => mysql.connect(shared.accounts[0])),
  );
  await replay(mysql, recorded);
  for (const [i, connection] of pool.entries())
    await connection.query("INSERT INTO shop.orders VALUES (?, 'app_production')", [10_000 + i]);
  const split = splitOf(await bench.takeFrames(2 * SHORT));
  console.info("played again, and others on the same ids:", split);
  expect(split).toMatchObject({ right: SHORT, wrong: 0, unknown: SHORT });
});

test("authors are right when logs restart under another name and others connect on the same ids", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  const reader = await bench.start();
  await insertBriefly(mysql.server, shared.accounts, { count: SHORT });
  expectAllRight("before the logs moved", splitOf(await bench.takeFrames(SHORT)), SHORT);
  expect(await reader.stop()).toBe(0);
  await restart({ log_bin: "moved" });
  await insertBriefly(mysql.server, shared.accounts.toReversed(), { count: SHORT, firstId: 1000 });
  await bench.start("stopped by an error");
  const store = new OffsetStore(shared.aws.dynamodb, `${bench.source}-offsets`);
  expect(await store.vouch(await store.load())).toBe(true);
  await bench.start();
  expectAllRight("after the logs moved", splitOf(await bench.takeFrames(SHORT)), SHORT);
});

test("authors are right after RESET BINARY LOGS AND GTIDS, when positions and GTIDs begin again", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
  const reader = await bench.start();
  const pool = await Promise.all(shared.accounts.map((account) => mysql.connect(account)));
  await insertBriefly(mysql.server, shared.accounts, { count: SHORT });
  await bench.takeFrames(SHORT);
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await insertBriefly(mysql.server, shared.accounts.toReversed(), { count: SHORT, firstId: 1000 });
  for (const [i, connection] of pool.entries())
    await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [
      5000 + i,
      shared.accounts[i]?.user,
    ]);
  await reader.exit();
  const store = new OffsetStore(shared.aws.dynamodb, `${bench.source}-offsets`);
  expect(await store.startAnew(await store.load(), { kind: "oldest" })).toBe(true);
  await bench.start();
  const changes = SHORT + pool.length;
  expectAllRight("after a reset of the logs", splitOf(await bench.takeFrames(changes)), changes);
});

async function tagOf(connection: Connection): Promise<unknown> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@SESSION.gtid_next AS next");
  return row?.["next"];
}

test("a login keeps its roles, and an account with CONNECTION_ADMIN has no tag and is found in the process list", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  const writer = await mysql.createAccount("app_roles", []);
  await mysql.query("CREATE ROLE writers");
  await mysql.query("GRANT ALL ON shop.* TO writers");
  await mysql.query("GRANT writers TO app_roles");
  await mysql.query("ALTER USER app_roles DEFAULT ROLE writers");
  const withRole = await mysql.connect(writer);
  expect(await tagOf(withRole)).toBe("AUTOMATIC:br_app_roles");
  await withRole.query("INSERT INTO shop.orders VALUES (1, 'app_roles')");
  const chief = await mysql.createAccount("app_chief", [
    "CONNECTION_ADMIN ON *.*",
    "ALL ON shop.*",
  ]);
  const administrator = await mysql.connect(chief);
  expect(await tagOf(administrator)).toBe("AUTOMATIC");
  await administrator.query("INSERT INTO shop.orders VALUES (2, 'app_chief')");
  expect(splitOf(await bench.takeFrames(2))).toEqual({
    right: 2,
    wrong: 0,
    unknown: 0,
    attributions: { tag: 1, "first-sight": 1 },
  });
});

test("at max_connections every accepted connection has a tag, and the reader continues", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server);
  await bench.start();
  const [used] = await mysql.query<{ Value: string }>("SHOW STATUS LIKE 'Threads_connected'");
  const limit = Number(used?.Value) + 10;
  await mysql.query("SET GLOBAL max_connections = ?", [limit]);
  const pool: Connection[] = [];
  const refused = await (async () => {
    for (;;) pool.push(await mysql.connect(shared.accounts[0]));
  })().catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "ER_CON_COUNT_ERROR" });
  for (const [i, connection] of pool.entries())
    await connection.query("INSERT INTO shop.orders VALUES (?, 'app_production')", [i]);
  expectAllRight("at max_connections", splitOf(await bench.takeFrames(pool.length)), pool.length);
  await mysql.query("SET GLOBAL max_connections = 500");
});
