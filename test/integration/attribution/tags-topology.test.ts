import { beforeAll, expect, test } from "vitest";
import { askTags } from "../../../operator/commands/doctor/ask-tags.ts";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { insertBriefly, splitOf } from "../../support/short-connections.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

// Two servers of one topology with unrelated thread ids. A tag belongs to its transaction and is
// valid on both.

const SHORT = 300;
/** The number of other tags in both servers' GTID sets. */
const OTHER_TAGS = 300;

const first = useMysql({ variables: { server_id: 1 } });
const second = useMysql({ variables: { server_id: 2 } });
const aws = useLocalAws();
let accounts: Account[];
const reading = { user: "reader", password: "reader" };

beforeAll(async () => {
  await first.query("CREATE USER replica IDENTIFIED WITH caching_sha2_password BY 'replica'");
  await first.query("GRANT REPLICATION SLAVE ON *.* TO replica");
  await second.query(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${first.server.port}, SOURCE_USER = 'replica',
     SOURCE_PASSWORD = 'replica', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
  );
  await second.query("START REPLICA");
  await first.query("CREATE DATABASE shop");
  await first.query("CREATE DATABASE elsewhere");
  await first.query("CREATE TABLE elsewhere.rows (id INT PRIMARY KEY)");
  await first.query("CREATE USER reader IDENTIFIED BY 'reader'");
  await first.query(
    "GRANT REPLICATION SLAVE, REPLICATION CLIENT, PROCESS, SELECT ON *.* TO reader",
  );
  await installLedger(await first.connect(), "ledger-and-tags");
  accounts = [];
  for (const name of ["app_production", "app_staging", "app_test"])
    accounts.push(await first.createAccount(name, ["ALL ON shop.*"]));
  const connection = await first.connect();
  for (let i = 0; i < OTHER_TAGS; i++) {
    await connection.query("SET SESSION gtid_next = ?", [`AUTOMATIC:other_${i}`]);
    await connection.query("INSERT INTO elsewhere.rows VALUES (?)", [i]);
  }
  await replicated();
  // init_connect is not replicated: it must be set on every server that may become the source.
  const [row] = await first.query<{ value: string }>("SELECT @@global.init_connect AS value");
  await second.query("SET GLOBAL init_connect = ?", [row?.value]);
});

/** Waits until the second server has executed everything that the first one has. */
async function replicated(): Promise<void> {
  const [state] = await first.query<{ executed: string }>(
    "SELECT @@global.gtid_executed AS executed",
  );
  await second.query("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 30)", [state?.executed]);
}

async function newTable(): Promise<void> {
  await first.query("DROP TABLE IF EXISTS shop.orders");
  await first.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
  await replicated();
}

test("doctor reports the replica and its version", async () => {
  const { followers } = await askTags(await first.connect());
  expect(followers).toEqual([{ name: "replica@localhost", replicaVersion: second.server.version }]);
});

test(
  "every author is right when read from a replica, also of connections with the same ids on both servers",
  { timeout: 120_000 },
  async () => {
    await newTable();
    await using bench = await ReaderBench.create(aws, {
      host: second.server.host,
      port: second.server.port,
      ...reading,
    });
    await bench.start();
    await insertBriefly(first.server, accounts, { count: SHORT });
    await replicated();
    const split = splitOf(await bench.takeFrames(SHORT));
    console.info(`${SHORT} short connections, read from a replica:`, split);
    expect(split).toEqual({ right: SHORT, wrong: 0, unknown: 0, attributions: { tag: SHORT } });
  },
);

test(
  "after a failover the authors are right in the former source's last changes and in the new source's",
  { timeout: 120_000 },
  async () => {
    await newTable();
    await using proxy = await TcpProxy.listen({ host: first.server.host, port: first.server.port });
    await using bench = await ReaderBench.create(aws, {
      host: "127.0.0.1",
      port: proxy.port,
      ...reading,
    });
    const reader = await bench.start();
    await insertBriefly(first.server, accounts, { count: SHORT });
    expect(splitOf(await bench.takeFrames(SHORT))).toMatchObject({ right: SHORT });
    expect(await reader.stop()).toBe(0);
    await insertBriefly(first.server, accounts, { count: SHORT, firstId: 1000 });
    await replicated();
    await second.query("STOP REPLICA");
    proxy.leadTo({ host: second.server.host, port: second.server.port });
    // Other accounts use the thread ids that the first server gave to these.
    await insertBriefly(second.server, accounts.toReversed(), { count: SHORT, firstId: 2000 });
    await bench.start();
    const split = splitOf(await bench.takeFrames(2 * SHORT));
    console.info(
      `2 × ${SHORT} short connections around a failover, ${OTHER_TAGS} other tags:`,
      split,
    );
    expect(split).toEqual({
      right: 2 * SHORT,
      wrong: 0,
      unknown: 0,
      attributions: { tag: 2 * SHORT },
    });
  },
);
