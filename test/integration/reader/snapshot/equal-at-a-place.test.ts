import { setTimeout as delay } from "node:timers/promises";
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type LocalAws, startLocalAws } from "@binlog-router/local-aws";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Frame, FrameChange } from "../../../../wire/frame.ts";
import { formatPosition } from "../../../../wire/position.ts";
import { binlogFileNumber } from "../../../../wire/binlog-file.ts";
import {
  orderAttribute,
  SNAPSHOTS_KEY,
  snapshotsIn,
  type SnapshotOrder,
  type SnapshotReport,
} from "../../../../wire/snapshot-items.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench } from "../../../support/reader.ts";
import { TcpProxy } from "../../../support/tcp-proxy.ts";

// A longer run, or one again: SNAPSHOT_ROUNDS=20 SNAPSHOT_ROWS=200000 SNAPSHOT_SEED=1 npx vitest
// run --project integration equal-at
const ROUNDS = Number(process.env["SNAPSHOT_ROUNDS"] ?? 1);
const ROWS = Number(process.env["SNAPSHOT_ROWS"] ?? 3000);
const SEED = Number(process.env["SNAPSHOT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const mysql = useMysql();
let aws: LocalAws;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  aws = await startLocalAws();
  dynamodb = new DynamoDBClient({
    region: aws.region,
    credentials: aws.credentials,
    endpoint: aws.endpoints.dynamodb,
  });
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.items (id BIGINT PRIMARY KEY, who VARCHAR(9), v INT)");
  await mysql.query(
    "CREATE TABLE shop.names (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, who VARCHAR(9), v INT)",
  );
});
afterAll(async () => {
  dynamodb.destroy();
  await aws[Symbol.asyncDispose]();
});

async function placeOrder(table: string, wanted: SnapshotOrder): Promise<void> {
  const [name, attribute] = orderAttribute(wanted);
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { ...SNAPSHOTS_KEY },
      UpdateExpression: "SET #order = :order",
      ExpressionAttributeNames: { "#order": name },
      ExpressionAttributeValues: { ":order": attribute },
    }),
  );
}

async function reportOf(table: string, id: string): Promise<SnapshotReport | null> {
  const { Item: item = {} } = await dynamodb.send(
    new GetItemCommand({ TableName: table, Key: { ...SNAPSHOTS_KEY } }),
  );
  return snapshotsIn(item).find(({ order }) => order.id === id)?.report ?? null;
}

/** Writes at full speed until the signal is aborted: rows come, change, get another key and go. */
async function write(user: string, random: SeededRandom, signal: AbortSignal): Promise<void> {
  const connection = await mysql.connect({ user, password: `password of ${user}` });
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
    await connection.query(statement ?? "").catch(() => undefined); // a deadlock of two writers
    if (random.chance(0.2)) await delay(1);
  }
}

interface Placed extends FrameChange {
  readonly position: string;
  readonly tableName: string;
}

/** All changes and rows in the order of their positions, each once. */
function inOrder(frames: readonly Frame[]): Placed[] {
  const placed = new Map<string, Placed>();
  for (const { changes, transactions, tables, epoch } of frames) {
    for (const change of changes) {
      const file = binlogFileNumber(transactions[change.transaction]?.file ?? "");
      const position = formatPosition({ epoch, file, offset: change.offset, row: change.row });
      const [database = "", table = ""] = tables[change.table] ?? [];
      const tableName = `${database}.${table}`;
      const former = placed.get(position);
      // The same position says the same, however often it comes.
      if (former !== undefined) expect(former.after).toBe(change.after);
      placed.set(position, { ...change, position, tableName });
    }
  }
  return [...placed.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
}

interface Group {
  readonly n: number;
  readonly at: number;
  readonly keys: Set<string>;
  readonly state: ReadonlyMap<string, string>;
}

const idOf = (key: string): number => (JSON.parse(key) as { id: number }).id;

const greatest = ({ keys }: Group): number => Math.max(...Array.from(keys, idOf));

/**
 * Compares what was handed over at each place with the table as the changes make it up to there.
 */
function problemsOf(
  changes: readonly Placed[],
  tableName: string,
): { problems: string[]; rows: number } {
  const problems: string[] = [];
  const state = new Map<string, string>();
  const bornAt = new Map<string, number>();
  const groups: Group[] = [];
  let [rows, place, group]: [number, string, Group | null] = [0, "", null];
  changes.forEach((change, at) => {
    if (change.tableName !== tableName) return;
    const { op, key, oldKey, after, n, position } = change;
    if (op === "c" || op === "u") {
      if (oldKey !== "") state.delete(oldKey);
      if (!state.has(key)) bornAt.set(key, at);
      state.set(key, after);
    } else if (op === "d") state.delete(key);
    else if (op === "r") {
      rows++;
      const here = `${position.slice(0, -11)} ${n}`;
      if (here !== place || group === null) {
        place = here;
        group = { n, at, keys: new Set(), state: new Map(state) };
        groups.push(group);
      }
      group.keys.add(key);
      if (state.get(key) !== after) problems.push(`${key} is ${state.get(key)}, not ${after}`);
    }
  });
  if (tableName !== "shop.items") return { problems, rows };
  groups.forEach((present, i) => {
    const former = groups.slice(0, i).findLast(({ n }) => n === present.n - 1);
    if (former === undefined && present.n > 1) return problems.push(`no chunk before ${present.n}`);
    const lower = former === undefined ? -1 : greatest(former);
    const upper = greatest(present);
    for (const key of present.state.keys()) {
      const id = idOf(key);
      const isNew = former !== undefined && (bornAt.get(key) ?? 0) > former.at;
      if (id > lower && id <= upper && !isNew && !present.keys.has(key))
        problems.push(`${key} is missing in chunk ${present.n}`);
    }
    return 0;
  });
  return { problems, rows };
}

test(
  `what is handed over is the table at its place, in ${ROUNDS} rounds with kills and cuts`,
  { timeout: 120_000 + ROUNDS * (240_000 + 4 * ROWS) },
  async () => {
    console.log(`seed ${SEED}: SNAPSHOT_SEED=${SEED} draws the same statements`);
    const random = new SeededRandom(SEED);
    const users = ["production", "staging", "testing", "administrator"];
    for (const user of users) await mysql.createAccount(user);
    for (let round = 0; round < ROUNDS; round++) {
      await mysql.query("DELETE FROM shop.items");
      await mysql.query("DELETE FROM shop.names");
      await using proxy = await TcpProxy.listen(mysql.server);
      const { user: administrator, password } = mysql.server;
      const account = { user: administrator, password };
      const address = { host: "127.0.0.1", port: proxy.port, ...account };
      await using bench = await ReaderBench.create(aws, address, { SOURCE_START: "now" });
      const table = `${bench.source}-offsets`;
      let reader = await bench.start();
      await mysql.query(
        "INSERT INTO shop.items SELECT 2 * n, 'first', 0 FROM (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT /*+ SET_VAR(cte_max_recursion_depth = 1000000) */ n FROM c) d",
        [ROWS],
      );
      const ended = new AbortController();
      const writers = users.map(async (user) =>
        write(user, new SeededRandom(random.below(2 ** 31)), ended.signal),
      );
      const ordered: SnapshotOrder = {
        id: `round-${round}`,
        subscriber: "search",
        environment: "staging",
        tables: ["shop.*"],
        startedBy: "test",
        startedMs: Date.now(),
        wanted: "run",
        rate: ROWS,
      };
      await placeOrder(table, ordered);
      const frames: Frame[] = [];
      const hasCome = (): boolean =>
        frames.some(({ changes }) =>
          changes.some(({ after, op }) => op === "snapshot" && after.includes("whole")),
        );
      const killAt = round % 2 === 1 ? [] : [1 + random.below(2), 3 + random.below(3)];
      const deadline = performance.now() + 120_000 + 2 * ROWS;
      while (!hasCome()) {
        if (performance.now() > deadline)
          throw new Error(
            `no end: ${JSON.stringify(await reportOf(table, ordered.id))}\n${bench.recentLogs()}`,
          );
        frames.push(...(await bench.receive()));
        const chunks = new Set(
          frames.flatMap(({ changes }) => changes.filter(({ op }) => op === "r").map(({ n }) => n)),
        );
        if (killAt[0] !== undefined && chunks.size >= killAt[0]) {
          killAt.shift();
          proxy.cut();
          if (killAt.length === 0) continue;
          await reader.kill();
          reader = await bench.start();
        }
      }
      ended.abort();
      await Promise.all(writers);
      // Everything that was sent before the end of the snapshot has come by then: one lane, one
      // order.
      const changes = inOrder(frames);
      for (const name of ["shop.items", "shop.names"]) {
        const { problems, rows } = problemsOf(changes, name);
        expect(problems).toEqual([]);
        expect(rows).toBeGreaterThan(10);
      }
      const marks = changes.filter(({ op }) => op === "snapshot").map(({ after }) => after);
      expect(marks.filter((mark) => mark.includes("started")).length).toBeGreaterThanOrEqual(2);
      for (;;) {
        const report = await reportOf(table, ordered.id);
        if (report?.state === "complete") break;
        if (performance.now() > deadline) throw new Error(JSON.stringify(report));
        await delay(100);
      }
      const authors = frames
        .flatMap((frame) => frame.authors)
        .filter(({ attribution }) => attribution === "snapshot");
      expect(new Set(authors.map(({ snapshot }) => JSON.stringify(snapshot)))).toEqual(
        new Set([JSON.stringify({ id: ordered.id, subscriber: "search", environment: "staging" })]),
      );
    }
  },
);

const rowsOf = (frames: readonly Frame[]): string[] =>
  frames.flatMap(({ changes }) => changes.filter(({ op }) => op === "r").map(({ key }) => key));

test("an order is refused, chooses rows, is paused and goes on", { timeout: 120_000 }, async () => {
  await mysql.query("CREATE TABLE shop.without_key (id INT)");
  await mysql.query("CREATE TABLE shop.few (id INT PRIMARY KEY, v INT)");
  const values = Array.from({ length: 150 }, (_, id) => `(${id}, ${id % 3})`).join();
  await mysql.query(`INSERT INTO shop.few VALUES ${values}`);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  const table = `${bench.source}-offsets`;
  await bench.start();
  const common = { subscriber: "s", environment: "e", startedBy: "test", wanted: "run" } as const;
  const until = async (id: string, state: string): Promise<SnapshotReport> => {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const report = await reportOf(table, id);
      if (report?.state === state) return report;
      if (performance.now() > deadline)
        throw new Error(`${JSON.stringify(report)}\n${bench.recentLogs()}`);
      await delay(50);
    }
  };

  await placeOrder(table, { ...common, id: "a", startedMs: 1, tables: ["shop.without_key"] });
  await placeOrder(table, {
    ...common,
    id: "b",
    startedMs: 2,
    tables: ["shop.few"],
    where: "1) OR (1",
  });
  await placeOrder(table, {
    ...common,
    id: "c",
    startedMs: 3,
    tables: ["shop.few"],
    where: "v = 1 AND id < 100",
  });
  expect((await until("a", "refused")).reason).toContain("primary key");
  expect((await until("b", "refused")).reason).toContain("--where");
  await until("c", "complete");
  const chosen = rowsOf(await bench.takeFrames(33 + 2));
  expect(chosen).toEqual(Array.from({ length: 33 }, (_, i) => JSON.stringify({ id: 3 * i + 1 })));

  const order = { ...common, id: "d", startedMs: 4, tables: ["shop.few"], rate: 50 };
  await placeOrder(table, order);
  const frames = await bench.takeFrames(1);
  await placeOrder(table, { ...order, wanted: "pause" });
  const paused = await until("d", "paused");
  expect(paused.rows).toBeLessThan(150);
  await placeOrder(table, { ...order, wanted: "run" });
  await until("d", "complete");
  frames.push(...(await bench.takeFrames(150 + 2 - rowsOf(frames).length - 1)));
  expect(new Set(rowsOf(frames)).size).toBe(150);
});

test(
  "rests until what was handed over is delivered, and goes on then",
  { timeout: 120_000 },
  async () => {
    await mysql.query("CREATE TABLE shop.many (id INT PRIMARY KEY)");
    const values = Array.from({ length: 60 }, (_, id) => `(${id})`).join();
    await mysql.query(`INSERT INTO shop.many VALUES ${values}`);
    await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
    const table = `${bench.source}-offsets`;
    /** As the route function writes it. */
    const delivered = (position: string) =>
      dynamodb.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { id: { S: "lane#0" } },
          UpdateExpression: "SET delivered = :position",
          ExpressionAttributeValues: { ":position": { S: position } },
        }),
      );
    const place = { epoch: 0, file: 0, offset: 0, row: 0 };
    await delivered(formatPosition(place));
    await bench.start();
    // The rate cuts it into chunks of 20 rows.
    await placeOrder(table, {
      id: "e",
      subscriber: "s",
      environment: "e",
      startedBy: "test",
      startedMs: 1,
      wanted: "run",
      tables: ["shop.many"],
      rate: 20,
    });
    const first = rowsOf(await bench.takeFrames(1 + 20));
    expect(first).toHaveLength(20);
    // Three times as long as the rate alone would take for the next one.
    await delay(3000);
    expect((await reportOf(table, "e"))?.rows).toBe(20);
    await delivered(formatPosition({ ...place, epoch: 999_999 }));
    const rest = rowsOf(await bench.takeFrames(40 + 1));
    expect(new Set([...first, ...rest]).size).toBe(60);
  },
);
