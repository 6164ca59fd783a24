import { setTimeout as delay } from "node:timers/promises";
import { type LocalAws, startLocalAws } from "@binlog-router/local-aws";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Frame } from "../../../../wire/frame.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, type ReaderProcess } from "../../../support/reader.ts";
import { BenchOrders } from "../../../support/snapshot/orders.ts";
import { inOrder, problemsAtEnd, problemsAtPlaces } from "../../../support/snapshot/place-check.ts";
import { TwoServers } from "../../../support/two-servers.ts";

// A longer run, or a repeated one: SNAPSHOT_ROUNDS=20 SNAPSHOT_ROWS=200000 SNAPSHOT_SEED=1 npx
// vitest run --project integration equal-at
const ROUNDS = Number(process.env["SNAPSHOT_ROUNDS"] ?? 1);
const ROWS = Number(process.env["SNAPSHOT_ROWS"] ?? 3000);
const SEED = Number(process.env["SNAPSHOT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const USERS = ["production", "staging", "testing", "administrator"];
const TABLES = ["shop.items", "shop.names"];
/**
 * Rows per second. A chunk has at most this many rows, and at most one chunk is sent each second.
 */
const RATE = Math.ceil(ROWS / 4);

const first = useMysql({ variables: { server_id: 1 } });
const second = useMysql({ variables: { server_id: 2 } });
let aws: LocalAws;
let servers: TwoServers;

beforeAll(async () => {
  aws = await startLocalAws();
  servers = await TwoServers.link(first, second);
  await first.query("CREATE DATABASE shop");
  await first.query("CREATE TABLE shop.items (id BIGINT PRIMARY KEY, who VARCHAR(15), v INT)");
  await first.query(
    "CREATE TABLE shop.names (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, who VARCHAR(15), v INT)",
  );
  for (const user of ["reader", ...USERS]) await first.createAccount(user);
});
afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  await aws[Symbol.asyncDispose]();
});

const accountOf = (user: string) => ({
  host: "127.0.0.1",
  port: servers.proxy.port,
  user,
  password: `password of ${user}`,
});

/**
 * Writes at full speed until the signal is aborted: inserts, updates, key changes and deletes.
 * Reconnects when the connection breaks.
 */
async function write(user: string, random: SeededRandom, signal: AbortSignal): Promise<void> {
  let connection: Connection | null = null;
  const name = (): string => `${random.chance(0.5) ? "ä" : "A"}${random.below(400)}`;
  while (!signal.aborted) {
    const id = random.below(ROWS * 2);
    const v = random.below(1e6);
    const statement = [
      `UPDATE shop.items SET v = ${v}, who = '${user}' WHERE id BETWEEN ${id} AND ${id + 3}`,
      `INSERT IGNORE INTO shop.items VALUES (${id}, '${user}', ${v})`,
      `DELETE FROM shop.items WHERE id = ${id}`,
      `UPDATE IGNORE shop.items SET id = ${random.below(ROWS * 2)}, who = '${user}' WHERE id = ${id}`,
      `REPLACE INTO shop.names VALUES ('${name()}', '${user}', ${v})`,
      `UPDATE IGNORE shop.names SET name = '${name()}', v = ${v} WHERE name = '${name()}'`,
    ][random.below(6)];
    try {
      if (connection === null) {
        connection = await createConnection(accountOf(user));
        connection.on("error", () => undefined);
      }
      await connection.query(statement ?? "");
    } catch (error) {
      if ((error as { code?: unknown }).code === "ER_LOCK_DEADLOCK") continue;
      connection?.destroy();
      connection = null;
      await delay(20);
    }
    if (random.chance(0.2)) await delay(1);
  }
  connection?.destroy();
}

/** A table's rows by key, both in the stream's notation. */
async function rowsAtEnd(tableName: string): Promise<Map<string, string>> {
  const rows = await servers.source.query(`SELECT * FROM ${tableName}`);
  return new Map(
    rows.map((row) => {
      const [key = ""] = Object.keys(row);
      return [JSON.stringify({ [key]: row[key] }), JSON.stringify(row)];
    }),
  );
}

test(
  `the rows handed over equal the table at their position, in ${ROUNDS} rounds with faults`,
  { timeout: 120_000 + ROUNDS * (240_000 + 4 * ROWS) },
  async () => {
    console.log(`seed ${SEED}: SNAPSHOT_SEED=${SEED} draws the same statements and faults`);
    const random = new SeededRandom(SEED);
    for (let round = 0; round < ROUNDS; round++) await takeOne(`round-${round}`, random);
  },
);

async function takeOne(id: string, random: SeededRandom): Promise<void> {
  const { proxy } = servers;
  for (const table of TABLES) await servers.source.query(`DELETE FROM ${table}`);
  await using bench = await ReaderBench.create(aws, accountOf("reader"), { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  let reader = await bench.start();
  await servers.source.query(
    "INSERT INTO shop.items SELECT 2 * n, 'first', 0 FROM (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT /*+ SET_VAR(cte_max_recursion_depth = 1000000) */ n FROM c) d",
    [ROWS],
  );
  const standby = (): Promise<ReaderProcess> =>
    bench.start("another reader holds this source; waiting as its standby");
  const faults: Record<string, () => Promise<void>> = {
    "cut the connections, and refuse new ones for a while": async () => {
      proxy.refuse(true);
      proxy.cut();
      await delay(random.below(1500));
      proxy.refuse(false);
    },
    "kill the reader": async () => {
      await reader.kill();
      reader = await bench.start();
    },
    "kill the reader, and a second one takes over": async () => {
      const next = await standby();
      await reader.kill();
      reader = next;
      await reader.logged("following the binlog");
    },
    "restart MySQL": async () => servers.restart(random.chance(0.5)),
    "fail over to the other server": async () => servers.failOver(),
  };
  // Each fault occurs once: some before the first row has arrived, the others one by one between
  // the chunks. A long run uses all of them in both phases.
  const drawn = Object.keys(faults)
    .map((name) => ({ name, rank: random.next(), isEarly: random.chance(0.3) }))
    .sort((a, b) => a.rank - b.rank);
  const isLong = ROWS > 100_000;
  const early = drawn.filter(({ isEarly }) => isEarly || isLong);
  const late = drawn.filter(({ isEarly }) => !isEarly || isLong);
  const did: string[] = [];
  const doNext = async (list: { readonly name: string }[], phase: string): Promise<void> => {
    const fault = list.shift();
    if (fault === undefined) return;
    did.push(`${phase}: ${fault.name}`);
    await faults[fault.name]?.();
  };

  const ended = new AbortController();
  const writers = USERS.map(async (user) =>
    write(user, new SeededRandom(random.below(2 ** 31)), ended.signal),
  );
  const frames: Frame[] = [];
  const deadline = performance.now() + 180_000 + 4 * ROWS;
  const receive = async (): Promise<void> => {
    if (performance.now() > deadline) {
      const report = JSON.stringify(await orders.reportOf(id));
      throw new Error(`no end after ${did.join("; ")}: ${report}\n${bench.recentLogs()}`);
    }
    frames.push(...(await bench.receive()));
  };
  const some = (what: (change: Frame["changes"][number]) => boolean): boolean =>
    frames.some(({ changes }) => changes.some(what));
  try {
    await orders.place({
      id,
      subscriber: "search",
      environment: "staging",
      tables: ["shop.*"],
      startedBy: "test",
      startedMs: Date.now(),
      wanted: "run",
      rate: RATE,
    });
    while (early.length > 0) {
      await delay(random.below(300));
      await doNext(early, "before its rows");
    }
    let nextAt = 1;
    while (!some(({ op, after }) => op === "snapshot" && after.includes("whole"))) {
      await receive();
      const chunks = new Set(
        frames.flatMap(({ changes }) => changes.filter(({ op }) => op === "r").map(({ n }) => n)),
      );
      if (chunks.size < nextAt) continue;
      await doNext(late, `at chunk ${chunks.size}`);
      nextAt = chunks.size + 1;
    }
  } finally {
    ended.abort();
    await Promise.all(writers);
  }
  // When this row has arrived, everything written before it has arrived.
  await servers.source.query("INSERT INTO shop.items VALUES (-1, 'the end', 0)");
  while (!some(({ key }) => key === '{"id":-1}')) await receive();
  await orders.until(id, "complete");

  const changes = inOrder(frames);
  for (const name of TABLES) {
    const places = problemsAtPlaces(changes, name, name === "shop.items");
    const end = problemsAtEnd(changes, name, "staging", await rowsAtEnd(name));
    expect([...places.problems, ...end.problems], did.join("; ")).toEqual([]);
    expect(places.rows).toBeGreaterThan(10);
    expect(end.compared).toBeGreaterThan(10);
  }
  expect(late).toEqual([]);
  const marks = changes.filter(({ op }) => op === "snapshot").map(({ after }) => after);
  expect(marks.filter((mark) => mark.includes("started")).length).toBeGreaterThanOrEqual(2);
  const authors = frames
    .flatMap((frame) => frame.authors)
    .filter(({ attribution }) => attribution === "snapshot");
  expect(new Set(authors.map(({ snapshot }) => JSON.stringify(snapshot)))).toEqual(
    new Set([JSON.stringify({ id, subscriber: "search", environment: "staging" })]),
  );
  const rows = changes.filter(({ op }) => op === "r").length;
  console.log(`${id}: ${changes.length} changes and rows, ${rows} of them rows; ${did.join("; ")}`);
}
