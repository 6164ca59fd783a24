import { beforeAll, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { presentFile, replay } from "../../support/replay.ts";
import { insertBriefly, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// Transactions whose thread ids do not belong to the connections that wrote them: from a replica's
// applier, and from a log that is replayed.

const CHANGES = 60;
/** The key of the first row that an open connection writes. */
const LIVE = 10_000;
const source = useMysql({ variables: { server_id: 1 } });
const replica = useMysql({ variables: { server_id: 2, log_replica_updates: "ON" } });
const shared = useThreeEnvironments(source);

beforeAll(async () => {
  await source.query("CREATE USER replica IDENTIFIED BY 'replica'");
  await source.query("GRANT REPLICATION SLAVE ON *.* TO replica");
  await replica.query(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${source.server.port},
     SOURCE_USER = 'replica', SOURCE_PASSWORD = 'replica', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
  );
  await replica.query("START REPLICA");
  await installLedger(await source.connect());
});

async function replicated(): Promise<void> {
  const [state] = await source.query<{ executed: string }>("SELECT @@gtid_executed AS executed");
  await replica.query("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 30)", [state?.executed]);
}

test("changes that a replica applied have no known author, whatever their thread ids", async () => {
  await replicated();
  await using bench = await ReaderBench.create(shared.aws, replica.server);
  await bench.start();
  await insertBriefly(source.server, shared.accounts, { count: CHANGES });
  const split = splitOf(await bench.takeFrames(CHANGES));
  console.info(`${CHANGES} changes read from a replica:`, split);
  expect(split).toMatchObject({ right: 0, wrong: 0, unknown: CHANGES });
});

// The server has restarted since the log was written, so open connections have the log's thread
// ids.
test("a replayed log leads to no wrong author, during the replay or later", async () => {
  await replica.query("STOP REPLICA");
  await source.query("FLUSH BINARY LOGS");
  const recorded = await presentFile(source);
  const [production, staging] = shared.accounts;
  await insertBriefly(source.server, [staging], { count: CHANGES });
  const [row] = await source.query<{ value: string }>("SELECT @@init_connect AS value");
  await source.server.restart({ variables: { server_id: 1, init_connect: row?.value ?? "" } });
  await source.query("DELETE FROM shop.orders");

  await using bench = await ReaderBench.create(shared.aws, source.server);
  await bench.start();
  const pool = await Promise.all(
    Array.from({ length: 2 * CHANGES }, () => source.connect(production)),
  );
  await replay(source, recorded);
  for (const [i, connection] of pool.entries())
    await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [LIVE + i, production.user]);

  const frames = await bench.takeFrames(CHANGES + pool.length);
  const live = frames.map((frame) => ({
    ...frame,
    changes: frame.changes.filter(({ key }) => (JSON.parse(key) as { id: number }).id >= LIVE),
  }));
  console.info(`${CHANGES} changes played again, then ${pool.length} live:`, splitOf(frames));
  expect(splitOf(frames)).toMatchObject({ right: pool.length, wrong: 0, unknown: CHANGES });
  expect(splitOf(live)).toMatchObject({ right: pool.length, wrong: 0, unknown: 0 });
});
