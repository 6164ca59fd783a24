import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { filteredNames } from "../../../../config/filtered-names.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import type { Change, EnvironmentMessage } from "../../../../wire/message.ts";
import { SOURCE } from "../../../support/functions/frames.ts";
import { Pipeline } from "../../../support/functions/pipeline.ts";
import { Stage } from "../../../support/functions/stage.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, type ReaderProcess, SHORT_LEASE } from "../../../support/reader.ts";
import { BenchOrders, snapshotOrder } from "../../../support/snapshot/orders.ts";

// Deploys another configuration, to the functions and the reader, in the middle of a snapshot.

const ROWS = 900;
/** Rows a second, so that a snapshot takes several seconds. */
const RATE = 200;
const PEOPLE = { tables: ["shop.people"] };
const BEFORE = { search: PEOPLE, mailing: PEOPLE };
const MASKED = {
  ...PEOPLE,
  columns: { exclude: [], mask: { "shop.people.email": "hash" } },
  where: "active = TRUE",
} as const;

const mysql = useMysql();
let stage: Stage;
let bench: ReaderBench;
let orders: BenchOrders;
let reader: ReaderProcess | null = null;
let functions: Pipeline | null = null;

beforeAll(async () => {
  stage = await Stage.start(routingOf(BEFORE));
  await stage.createRawQueue({ visibilitySeconds: 30, maxReceives: 1000 });
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.people (id INT PRIMARY KEY, email TEXT, active BOOL)");
  await mysql.query(
    `INSERT INTO shop.people SELECT n, CONCAT('p', n, '@example.com'), n % 3 > 0 FROM
     (WITH RECURSIVE c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < ${ROWS}) SELECT n FROM c) d`,
  );
  bench = await ReaderBench.create(stage.aws, mysql.server, {
    SOURCE_NAME: SOURCE,
    RAW_QUEUE_URL: stage.rawQueueUrl,
    OFFSETS_TABLE: "offsets",
    SESSIONS_TABLE: "sessions",
    PAYLOAD_BUCKET: "payloads",
    SOURCE_START: "now",
    ...SHORT_LEASE,
  });
  orders = new BenchOrders(stage.aws, bench, "offsets");
});
afterEach(async () => {
  await reader?.stop();
  await functions?.[Symbol.asyncDispose]();
});
afterAll(async () => {
  orders[Symbol.dispose]();
  await bench[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

type Subscribers = RoutingInput["subscribers"];

function routingOf(subscribers: Subscribers) {
  return {
    environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
    subscribers,
    otherUsers: "drop",
  };
}

/** Stops the functions, and starts them with these subscribers. */
async function deployFunctions(subscribers: Subscribers): Promise<void> {
  await functions?.[Symbol.asyncDispose]();
  stage.deploy(routingOf(subscribers));
  functions = new Pipeline(stage);
}

/** Stops reader and functions, and starts them with these subscribers. */
async function deploy(
  subscribers: Subscribers & Parameters<typeof filteredNames>[0],
): Promise<void> {
  await reader?.stop();
  await deployFunctions(subscribers);
  reader = await bench.start(undefined, {
    FRAME_COLUMNS: "true",
    FILTERED_NAMES: JSON.stringify(filteredNames(subscribers)),
  });
}

type Row = Readonly<Record<string, unknown>>;

/** The snapshot's rows and marks in a queue, which are taken from it. */
async function take(subscriber: string, environment = "staging"): Promise<Change[]> {
  const messages: EnvironmentMessage[] = await stage.receiveAll(environment, subscriber);
  return messages.flatMap(({ changes }) =>
    changes.filter(({ snapshot }) => snapshot !== undefined),
  );
}

const rowsOf = (changes: readonly Change[]): Row[] =>
  changes.flatMap(({ op, after }) => (op === "r" && after !== null ? [after] : []));

/** Takes rows from a queue until one has come. */
async function firstOf(subscriber: string): Promise<Change[]> {
  const changes: Change[] = [];
  while (rowsOf(changes).length === 0) changes.push(...(await take(subscriber)));
  return changes;
}

const orderOf = (id: string, subscriber: string) =>
  snapshotOrder("people", { id, subscriber, environment: "staging", rate: RATE });

async function expectNothingFor(...subscribers: readonly string[]): Promise<void> {
  for (const subscriber of subscribers)
    for (const environment of ["staging", "production"])
      expect(await take(subscriber, environment)).toEqual([]);
  expect(await take("search", "production")).toEqual([]);
}

test("a lane that was sent only rows of a snapshot goes on after its reader was killed", async () => {
  await deploy(BEFORE);
  await orders.place(orderOf("killed", "search"));
  const rows = rowsOf(await firstOf("search"));
  await reader?.kill();
  await deploy(BEFORE);
  await orders.until("killed", "complete");
  rows.push(...rowsOf(await take("search")));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(ROWS);
});

test("a mask and a condition that are deployed in the middle of a snapshot hold for the rows after that", async () => {
  await deploy(BEFORE);
  await orders.place(orderOf("filtered", "search"));
  const before = rowsOf(await firstOf("search"));
  await deploy({ ...BEFORE, search: MASKED });
  before.push(...rowsOf(await take("search")).filter(({ email }) => String(email).includes("@")));
  await orders.until("filtered", "complete");
  const after = await take("search");
  expect(before.length).toBeLessThan(ROWS);
  for (const { email, active } of rowsOf(after)) {
    expect(email).toMatch(/^[0-9a-f]{64}$/);
    expect(active).toBe(1);
  }
  const came = new Set([...before, ...rowsOf(after)].map(({ id }) => id));
  const active = await mysql.query<{ id: number }>("SELECT id FROM shop.people WHERE active");
  expect(active.map(({ id }) => id).filter((id) => !came.has(id))).toEqual([]);
  expect(after.at(-1)).toMatchObject({ op: "snapshot", snapshot: { tables: 1 } });
  await expectNothingFor("mailing");
});

test("a snapshot whose subscriber is removed stops, lets others go on, and begins again with it", async () => {
  await deploy(BEFORE);
  await orders.place(orderOf("removed", "mailing"));
  await orders.place({ ...orderOf("next", "search"), startedMs: Date.now() + 1, rate: ROWS });
  await firstOf("mailing");
  const { mailing: _, ...others } = BEFORE;
  await deployFunctions(others);
  const { reason } = await orders.until("removed", "stopped");
  expect(reason).toContain("no queue for mailing in staging");
  await orders.until("next", "complete");
  expect(new Set(rowsOf(await take("search")).map(({ id }) => id)).size).toBe(ROWS);
  await take("mailing");
  await deployFunctions(BEFORE);
  await orders.place({ ...orderOf("removed", "mailing"), rate: ROWS });
  await orders.until("removed", "complete");
  const again = await take("mailing");
  expect(again[0]).toMatchObject({ op: "snapshot", snapshot: { state: "started" } });
  expect(new Set(rowsOf(again).map(({ id }) => id)).size).toBe(ROWS);
});

test("a snapshot that is complete stops when the rows that were on the way are dropped", async () => {
  await deploy(BEFORE);
  await functions?.[Symbol.asyncDispose]();
  const order = { ...orderOf("ended", "mailing"), where: "id <= 200", rate: ROWS };
  await orders.place(order);
  await orders.until("ended", "complete");
  await deployFunctions({ search: PEOPLE });
  await orders.until("ended", "stopped");
  await deployFunctions(BEFORE);
  await orders.place(order);
  await orders.until("ended", "complete");
  expect(new Set(rowsOf(await take("mailing")).map(({ id }) => id)).size).toBe(200);
});
