import { beforeAll, expect, test } from "vitest";
import { READER_NODE_OPTIONS } from "../../../infra/stack/settings.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { SOURCES } from "../../support/reader-program.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

const COUNTER = new URL("../../support/count-pipelines.ts", import.meta.url).href;
const RECONNECTS = 8;

const mysql = useMysql();
const aws = useLocalAws();

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
});

test("a reader that connects again and again keeps nothing of its former attempts", async () => {
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_TLS: "off" });
  const NODE_OPTIONS = `${READER_NODE_OPTIONS} --import ${COUNTER}`;
  const reader = await bench.start("following the binlog", { NODE_OPTIONS }, SOURCES);
  for (let reconnect = 1; reconnect <= RECONNECTS; reconnect++) {
    await mysql.query(`INSERT INTO shop.orders VALUES (${reconnect})`);
    await bench.takeFrames(1);
    for (const { id } of await mysql.query<{ id: number }>(
      "SELECT processlist_id AS id FROM performance_schema.threads WHERE processlist_command LIKE 'Binlog Dump%'",
    ))
      await mysql.query(`KILL QUERY ${id}`);
    await reader.logged("following the binlog", 1 + reconnect);
  }
  reader.signal("SIGUSR2");
  const { leases, dumps, shipments } = await reader.logged("in memory");
  // Those of the present attempt, and of the one before, whose timers may not have ended yet.
  expect({ leases }).toEqual({ leases: 1 });
  expect([1, 2]).toContain(dumps);
  expect([1, 2]).toContain(shipments);
});

test("an event that takes longer than a sweep to arrive does not end the attempt", async () => {
  await mysql.query("CREATE TABLE shop.notes (id INT PRIMARY KEY, note LONGTEXT)");
  await using proxy = await TcpProxy.listen(mysql.server);
  const { user, password } = mysql.server;
  await using bench = await ReaderBench.create(
    aws,
    { host: "127.0.0.1", port: proxy.port, user, password },
    { SWEEP_SECONDS: "1" },
  );
  const reader = await bench.start();
  proxy.slowDown(5000, 100);
  await mysql.query("INSERT INTO shop.notes VALUES (1, REPEAT('n', 130000))");
  await bench.takeFrames(1);
  expect(reader.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});
