import { setTimeout as delay } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { S3Client } from "@aws-sdk/client-s3";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, expect, test } from "vitest";
import { payloadBucket } from "../../../../functions/aws/payload-bucket.ts";
import { readRawMessage } from "../../../../functions/frame/read-raw-message.ts";
import type { Frame, FrameChange } from "../../../../wire/frame.ts";
import { decodePointer } from "../../../../wire/payload-pointer.ts";
import { ChunkStatements } from "../../../../reader/snapshot/chunk-statements.ts";
import { describeTable } from "../../../../reader/snapshot/describe-table.ts";
import { SnapshotConnection } from "../../../../reader/snapshot/snapshot-connection.ts";
import { prepareSnapshotSession } from "../../../../reader/snapshot/snapshot-session.ts";
import { sentenceOf } from "../../../../reader/snapshot/trouble-sentence.ts";
import { snapshotsAttribute } from "../../../../reader/offsets/snapshot-attribute.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../../support/reader.ts";
import { BenchOrders } from "../../../support/snapshot/orders.ts";
import { NOTHING_READ } from "../../../support/snapshot/table-bench.ts";
import { inOrder } from "../../../support/snapshot/place-check.ts";

const mysql = useMysql();
const aws = useLocalAws();

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
});

const common = { subscriber: "s", environment: "e", startedBy: "test", wanted: "run" } as const;

const rowsOf = (frames: readonly Frame[]): string[] =>
  frames.flatMap(({ changes }) => changes.filter(({ op }) => op === "r").map(({ key }) => key));

async function fill(table: string, rows: number): Promise<void> {
  await mysql.query(`CREATE TABLE shop.${table} (id INT PRIMARY KEY, v INT)`);
  const values = Array.from({ length: rows }, (_, id) => `(${id}, ${id % 3})`).join();
  await mysql.query(`INSERT INTO shop.${table} VALUES ${values}`);
}

test("a snapshot with --where is paused, and continues with the remaining rows", async () => {
  await fill("few", 150);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  await orders.delivered();
  await bench.start();
  const tables = ["shop.few"];
  await orders.place({ ...common, id: "c", startedMs: 3, tables, where: "v = 1 AND id < 100" });
  await orders.until("c", "complete");
  const chosen = rowsOf(await bench.takeFrames(33 + 2));
  expect(chosen).toEqual(Array.from({ length: 33 }, (_, i) => JSON.stringify({ id: 3 * i + 1 })));

  const order = { ...common, id: "d", startedMs: 4, tables, rate: 20 };
  await orders.place(order);
  const frames = await bench.takeFrames(1);
  await orders.place({ ...order, wanted: "pause" });
  const paused = await orders.until("d", "paused");
  expect(paused.rows).toBeLessThan(150);
  await orders.place({ ...order, rate: 1000, wanted: "run" });
  await orders.until("d", "complete");
  frames.push(...(await bench.takeFrames(150 + 2 - rowsOf(frames).length - 1)));
  expect(new Set(rowsOf(frames)).size).toBe(150);
});

test("a snapshot rests until its rows are delivered, and continues after that", async () => {
  await fill("many", 60);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  await bench.start();
  // At this rate the chunks have 20 rows.
  await orders.place({ ...common, id: "e", startedMs: 1, tables: ["shop.many"], rate: 20 });
  const first = rowsOf(await bench.takeFrames(1 + 40));
  expect(first).toHaveLength(40);
  // Three times the interval at which the rate allows another chunk.
  await delay(3000);
  expect((await orders.reportOf("e"))?.rows).toBe(40);
  await orders.delivered();
  const rest = rowsOf(await bench.takeFrames(20 + 1));
  expect(new Set([...first, ...rest]).size).toBe(60);
});

const INJECTIONS: readonly (readonly [where: string, why: string])[] = [
  ["1) OR (1", "parenthesis"],
  ["1; DELETE FROM shop.plain", '";"'],
  ["id = 1 -- ", '"--"'],
  ["id IN (SELECT id FROM mysql.user)", "SELECT"],
  ["SLEEP(100)", "SLEEP"],
  ["id = 1 /*!80000 OR 1 */", '"/*"'],
  ["no_such_column = 1", "MySQL rejects --where"],
  ["id = ", "MySQL rejects --where"],
  ["id = 1 FOR UPDATE", "MySQL rejects --where"],
  ["id = 1 LIMIT 1", "MySQL rejects --where"],
  ["COUNT(*) > 1", "MySQL rejects --where"],
];

test("an order that cannot be read is refused at once, with a sentence that says what to do", async () => {
  await mysql.query("CREATE TABLE shop.without_key (id INT)");
  await mysql.query("CREATE TABLE shop.prefix_key (id VARCHAR(99), PRIMARY KEY (id(9)))");
  await mysql.query("CREATE TABLE shop.half (id INT PRIMARY KEY, secret INT)");
  await mysql.query("CREATE TABLE shop.emoji_key (e ENUM('😀', 'a') PRIMARY KEY)");
  await mysql.query("CREATE DATABASE `with.dot`");
  await mysql.query("CREATE TABLE `with.dot`.letters (id INT PRIMARY KEY)");
  await fill("plain", 5);
  await mysql.query("CREATE DATABASE private");
  await mysql.query("CREATE TABLE private.letters (id INT PRIMARY KEY)");
  await mysql.query("CREATE VIEW shop.a_view AS SELECT 1 AS id");
  const account = await mysql.createAccount("poor", [
    "REPLICATION SLAVE, REPLICATION CLIENT, PROCESS ON *.*",
    "SELECT ON performance_schema.*",
    "SELECT ON shop.plain",
    "SELECT ON shop.without_key",
    "SELECT ON shop.prefix_key",
    "SELECT (id) ON shop.half",
    "SELECT ON shop.emoji_key",
    "SELECT ON `with.dot`.letters",
  ]);
  const { host, port } = mysql.server;
  await using bench = await ReaderBench.create(
    aws,
    { host, port, ...account },
    { SOURCE_START: "now", SOURCE_TABLES: '["shop.*", "private.*", "with*.*"]' },
  );
  using orders = new BenchOrders(aws, bench);
  await orders.delivered();
  await bench.start();
  const wrong: readonly (readonly [table: string, sentence: string, where?: string])[] = [
    [
      "shop.without_key",
      "has no key by which its rows can be read in order. Give it a primary key",
    ],
    ["shop.prefix_key", "has no key by which its rows can be read in order"],
    [
      "shop.emoji_key",
      "members that information_schema does not show as they are. Leave the table",
    ],
    ["with*.*", "with.dot.letters cannot be read: the name of its database has a dot"],
    ["shop.nothing", "No table matches shop.nothing"],
    ["shop.a_view", "No table matches shop.a_view"],
    ["private.letters", "grant SELECT on the tables to the reader's account"],
    ["shop.half", "Run GRANT SELECT ON `shop`.`half`"],
    ["mysql.user", "No table matches mysql.user"],
    ...INJECTIONS.map(([where, why]) => ["shop.plain", why, where] as const),
  ];
  for (const [i, [table, , where]] of wrong.entries()) {
    const chosen = where === undefined ? {} : { where };
    await orders.place({ ...common, id: `w${i}`, startedMs: i, tables: [table], ...chosen });
  }
  for (const [i, [, sentence]] of wrong.entries())
    expect((await orders.until(`w${i}`, "refused")).reason).toContain(sentence);
  expect(await mysql.query("SELECT COUNT(*) AS n FROM shop.plain")).toEqual([{ n: 5 }]);

  // A stored function runs with the session's rights, which are read-only.
  await mysql.query("CREATE TABLE shop.written (id INT PRIMARY KEY)");
  const maker = await mysql.connect();
  await maker.query("SET GLOBAL log_bin_trust_function_creators = ON");
  await maker.query(
    "CREATE FUNCTION shop.writes(id INT) RETURNS INT BEGIN INSERT INTO shop.written VALUES (id); RETURN 1; END",
  );
  await mysql.query("GRANT EXECUTE ON shop.* TO poor");
  const where = "shop.writes(id) = 1";
  await orders.place({ ...common, id: "f", startedMs: 99, tables: ["shop.plain"], where });
  const { reason } = await orders.until("f", "stopped");
  expect(reason).toContain("MySQL refuses a query of the snapshot");
  expect(await mysql.query("SELECT * FROM shop.written")).toEqual([]);
});

test("a condition that takes too long is ended by the server, and the snapshot stops", async () => {
  await fill("slow", 5);
  const connection = await mysql.connect();
  await prepareSnapshotSession(connection);
  const described = await describeTable(connection, "shop", "slow");
  if (described?.key == null) throw new Error("the table has no usable key");
  const where = "BENCHMARK(4000000000, SHA2(id, 512)) = 0";
  const { sql } = new ChunkStatements(described, described.key, where).within({
    lower: null,
    upper: null,
  });
  const sooner = sql.replace("MAX_EXECUTION_TIME(30000)", "MAX_EXECUTION_TIME(300)");
  expect(sooner).not.toBe(sql);
  const error: unknown = await connection.query(sooner).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "ER_QUERY_TIMEOUT" });
  expect(sentenceOf(error)).toContain("took longer than 30 s for one query");
});

/** The setting for one subscriber in these environments. */
const pairs = (...environments: readonly string[]): Record<string, string> => ({
  SNAPSHOT_INITIAL: JSON.stringify(
    environments.map((environment) => ({
      subscriber: "search",
      environment,
      tables: ["shop.initial"],
    })),
  ),
});

const environmentsOf = (frames: readonly Frame[]): Set<string | undefined> =>
  new Set(frames.flatMap(({ authors }) => authors.map(({ snapshot }) => snapshot?.environment)));

test("a new pair of subscriber and environment gets its initial snapshot once", async () => {
  await fill("initial", 30);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  await orders.delivered();
  const reader = await bench.start(undefined, pairs("staging"));
  const first = await bench.takeFrames(30 + 2);
  expect(rowsOf(first)).toHaveLength(30);
  expect(environmentsOf(first)).toEqual(new Set(["staging"]));
  await orders.until(`initial-${bench.source}-search-staging`, "complete");
  await reader.stop();

  await bench.start(undefined, pairs("staging", "production"));
  const second = await bench.takeFrames(30 + 2);
  expect(rowsOf(second)).toHaveLength(30);
  expect(environmentsOf(second)).toEqual(new Set(["production"]));
  expect(await orders.until(`initial-${bench.source}-search-production`, "complete")).toMatchObject(
    {
      rows: 30,
    },
  );
  expect(await bench.receive()).toEqual([]);
});

test("an initial snapshot's rows arrive before the first change after them", async () => {
  // Enough rows for two chunks.
  const count = 1500;
  await fill("initial_written", count);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  await orders.delivered();
  const tables = ["shop.initial_written"];
  await bench.start(undefined, {
    SNAPSHOT_INITIAL: JSON.stringify([{ subscriber: "search", environment: "staging", tables }]),
  });
  const id = `initial-${bench.source}-search-staging`;
  const writer = await mysql.connect();
  let writes = 0;
  const write = async (): Promise<void> => {
    await writer.query("UPDATE shop.initial_written SET v = v + 1 WHERE id = ?", [
      (writes++ * 7) % count,
    ]);
  };
  while ((await orders.reportOf(id))?.state !== "complete") await write();
  // Updates each row once more, behind the position at which it was handed over.
  await writer.query("UPDATE shop.initial_written SET v = v + 1");
  const frames = await bench.takeFrames(2 * count + 2 + writes);

  const rows = new Map<string, string>();
  let followed = 0;
  for (const { op, key, before, after } of inOrder(frames)) {
    if (op === "r") {
      expect(rows.has(key), `${key} comes once`).toBe(false);
      rows.set(key, after);
    } else if (op === "u" && rows.has(key)) {
      // The row that the application holds equals the change's before image.
      expect(before).toBe(rows.get(key));
      rows.set(key, after);
      followed++;
    }
  }
  expect(rows.size).toBe(count);
  expect(followed).toBeGreaterThanOrEqual(count);
});

test("a row over SQS's limit is delivered through the payload bucket, as its change is", async () => {
  await mysql.query("CREATE TABLE shop.large (id INT PRIMARY KEY, pad LONGTEXT)");
  // Digits that zstd compresses badly.
  const pad = Array.from({ length: 400_000 }, (_, n) => (n * 7919).toString(36)).join("");
  const writer = await mysql.connect();
  await writer.query("INSERT INTO shop.large VALUES (1, 'small'), (2, ?), (3, 'small')", [pad]);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  await orders.delivered();
  const { region, credentials, endpoints } = aws;
  using s3 = disposable(
    new S3Client({ region, credentials, endpoint: endpoints.s3, forcePathStyle: true }),
  );
  const payloads = payloadBucket(s3.client, `${bench.source}-payloads`);
  await bench.start();
  await orders.place({ ...common, id: "l", startedMs: 1, tables: ["shop.large"] });
  await orders.until("l", "complete", 60_000);
  await writer.query("UPDATE shop.large SET id = 4 WHERE id = 2");

  const changes: FrameChange[] = [];
  let pointers = 0;
  while (!changes.some(({ op }) => op === "u")) {
    for (const text of await bench.receiveTexts()) {
      if (decodePointer(text) !== null) pointers++;
      changes.push(...(await readRawMessage(text, bench.source, payloads)).changes);
    }
  }
  const rows = changes.filter(({ op }) => op === "r");
  expect(rows.map(({ key }) => JSON.parse(key) as unknown)).toEqual([
    { id: 1 },
    { id: 2 },
    { id: 3 },
  ]);
  expect(rows[1]?.after).toBe(changes.find(({ op }) => op === "u")?.before);
  expect(JSON.parse(rows[1]?.after ?? "")).toEqual({ id: 2, pad });
  expect(pointers).toBe(2);
});

function disposable(client: S3Client): Disposable & { readonly client: S3Client } {
  return { client, [Symbol.dispose]: () => client.destroy() };
}

async function setMode(...modes: readonly string[]): Promise<void> {
  for (const mode of modes) await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
}

test("an order is refused on a server without GTIDs", async () => {
  await setMode("ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF");
  try {
    await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
    using orders = new BenchOrders(aws, bench);
    await orders.delivered();
    await bench.start();
    await orders.place({ ...common, id: "g", startedMs: 1, tables: ["shop.*"] });
    expect((await orders.until("g", "refused")).reason).toContain("gtid_mode is not ON");
  } finally {
    await setMode("OFF_PERMISSIVE", "ON_PERMISSIVE", "ON");
  }
});

test("the connection of a snapshot keeps nothing of the questions that were answered", async () => {
  const { host, port, user, password, version } = mysql.server;
  const [row] = await mysql.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
  const options = { host, port, user, password };
  using connection = await SnapshotConnection.open(options, version, row?.uuid ?? "");
  const promisesAfter = async (questions: number): Promise<number> => {
    for (let asked = 0; asked < questions; asked++) await connection.end();
    return queryObjects(Promise, { format: "count" });
  };
  const before = await promisesAfter(10);
  expect((await promisesAfter(150)) - before).toBeLessThan(50);
});

test("an order is refused when its tables do not fit in the offset's item beside those of others", async () => {
  await fill("one_more", 5);
  await using bench = await ReaderBench.create(aws, mysql.server, { SOURCE_START: "now" });
  using orders = new BenchOrders(aws, bench);
  await orders.delivered();
  const reader = await bench.start();
  await reader.kill();
  const tables = Array.from({ length: 4000 }, (_, n) => `shop.${"t".repeat(55)}${1000 + n}`);
  await orders.place({
    ...common,
    id: "large",
    startedMs: 0,
    tables: ["shop.t*"],
    wanted: "pause",
  });
  const numbers = { file: "", offset: 0, next: 0 };
  await orders.dynamodb.send(
    new UpdateItemCommand({
      TableName: orders.table,
      Key: { id: { S: "reader" } },
      UpdateExpression: "SET snapshots = :snapshots",
      ExpressionAttributeValues: {
        ":snapshots": snapshotsAttribute({
          numbers,
          progress: [{ ...NOTHING_READ, id: "large", tables }],
        }),
      },
    }),
  );
  await bench.start(undefined, SHORT_LEASE);
  await orders.place({ ...common, id: "small", startedMs: 1, tables: ["shop.one_more"] });
  expect((await orders.until("small", "refused")).reason).toContain(
    "Order snapshots of fewer tables",
  );
});
