import { afterEach, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { listConnections, takeCensus } from "../../../reader/sessions/process-list.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// The reader's account has the privileges of docs/deploying.md without PROCESS.

const GRANTS = ["REPLICATION SLAVE, REPLICATION CLIENT ON *.*", "SELECT ON performance_schema.*"];
const mysql = useMysql();
const cramped = useMysql({ variables: { performance_schema_max_thread_instances: 60 } });
const shared = useThreeEnvironments(mysql);
let readers = 0;

afterEach(async () => uninstallLedger(await mysql.connect()));

test("an account without PROCESS sees every connection in the list, also a thread that is not instrumented", async () => {
  const reader = await mysql.connect(await mysql.createAccount(`reader_${++readers}`, GRANTS));
  const [production, staging] = shared.accounts;
  const seen = await mysql.connect(production);
  await mysql.query("TRUNCATE performance_schema.setup_actors");
  const unseen = await mysql.connect(staging);
  const census = await takeCensus(reader, mysql.server.version);
  for (const { threadId } of [reader, seen, unseen])
    expect(census?.alive?.has(threadId)).toBe(true);
  const { connections } = await listConnections(reader, mysql.server.version, [
    seen.threadId,
    unseen.threadId,
  ]);
  expect(connections).toMatchObject([
    { thread: seen.threadId, user: production.user, host: "localhost" },
    { thread: unseen.threadId, user: staging.user, host: "localhost" },
  ]);
});

test("a restarted reader whose account lacks PROCESS knows open connections from the ledger", async () => {
  await installLedger(await mysql.connect());
  await using bench = await ReaderBench.create(shared.aws, {
    host: mysql.server.host,
    port: mysql.server.port,
    ...(await mysql.createAccount(`reader_${++readers}`, GRANTS)),
  });
  const reader = await bench.start();
  const pool = await Promise.all(shared.accounts.map((account) => mysql.connect(account)));
  const write = async (id: number): Promise<void> => {
    for (const [i, connection] of pool.entries())
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [
        id + i,
        shared.accounts[i]?.user,
      ]);
  };
  await write(1);
  await bench.takeFrames(pool.length);
  expect(await reader.stop()).toBe(0);
  await bench.start();
  await write(10);
  expect(splitOf(await bench.takeFrames(pool.length))).toMatchObject({
    right: pool.length,
    wrong: 0,
    unknown: 0,
  });
});

test("a list in which performance_schema left out a thread does not prove that a connection is closed", async () => {
  const reader = await cramped.connect();
  const before = await takeCensus(reader, cramped.server.version);
  expect(before?.alive).not.toBeNull();
  const many = await Promise.all(Array.from({ length: 60 }, () => cramped.connect()));
  const after = await takeCensus(reader, cramped.server.version);
  expect(after?.connections.length).toBeLessThan(many.length);
  expect(after?.alive).toBeNull();
});
