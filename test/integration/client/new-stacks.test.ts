import { SQSClient } from "@aws-sdk/client-sqs";
import type { Connection } from "mysql2/promise";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { subscribe } from "../../../client/index.ts";
import type { AnyPositionStore } from "../../../client/position-store.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { makeStorePlace, type StoreName } from "../../support/client/position-stores.ts";
import { SOURCE } from "../../support/functions/frames.ts";
import { Pipeline } from "../../support/functions/pipeline.ts";
import { Stage } from "../../support/functions/stage.ts";
import { useMysql, type Account } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

// Real server, reader, functions and client. A stack is removed and made again under its name, with
// new tables; its queues remain, and so do the application and its position store.

const WITHIN = { timeout: 120_000, interval: 50 };
const mysql = useMysql();
let account: Account;

beforeAll(async () => {
  account = await mysql.createAccount("app_staging", ["ALL ON shop.*"]);
});
beforeEach(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
});
afterEach(() => mysql.query("DROP DATABASE shop"));

/** Tables of a stack. */
interface Tables {
  readonly offsets: string;
  readonly sessions: string;
}

/** Runs a stack's reader and functions. Disposing removes both and leaves queues and tables. */
async function runStack(stage: Stage, { offsets, sessions }: Tables): Promise<AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const bench = started.use(
    await ReaderBench.create(stage.aws, mysql.server, {
      SOURCE_NAME: SOURCE,
      RAW_QUEUE_URL: stage.rawQueueUrl,
      OFFSETS_TABLE: offsets,
      SESSIONS_TABLE: sessions,
      PAYLOAD_BUCKET: "payloads",
      SWEEP_SECONDS: "1",
    }),
  );
  const retry = { retryEveryMs: 100, backoff: { baseMs: 50, longestMs: 100, attempts: 10_000 } };
  started.use(new Pipeline(stage, { runtime: stage.runtimeWith(stage.clients), ...retry }));
  await bench.start();
  return started.move();
}

/** An application that keeps its positions in a store, and the rows that it has handled. */
async function startApplication(stage: Stage, positions: AnyPositionStore<unknown>) {
  const { region, credentials, endpoints } = stage.aws;
  const sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
  const rows: number[] = [];
  const repeats: string[] = [];
  const subscription = await subscribe<Record<string, Record<string, unknown>>, unknown>(
    "billing",
    ({ op, after }) => {
      if (op === "c") rows.push(Number(after?.["id"]));
    },
    {
      sqs,
      source: SOURCE,
      environment: "staging",
      waitTimeSeconds: 1,
      positions,
      onRepeat: ({ messageId }) => void repeats.push(messageId),
    },
  );
  return {
    rows,
    repeats,
    async [Symbol.asyncDispose]() {
      await subscription.stop();
      sqs.destroy();
    },
  };
}

async function insert(writer: Connection, first: number, last: number): Promise<void> {
  for (let id = first; id <= last; id++)
    await writer.query("INSERT INTO shop.orders VALUES (?)", [id]);
}

/** A change whose author becomes known late has a message group of its own. */
const inOrder = (rows: readonly number[]): number[] => rows.toSorted((a, b) => a - b);

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe.each<StoreName>(["memory", "DynamoDB", "MySQL"])("with records in %s", (name) => {
  test("an application handles each change of a stack that is made again, also after offsets were set to a later epoch", async () => {
    await using stage = await Stage.start();
    await stage.createRawQueue({ visibilitySeconds: 30, maxReceives: 1000 });
    await using place = await makeStorePlace(name, stage, mysql);
    await using application = await startApplication(stage, place.open());
    const writer = await mysql.connect(account);
    {
      await using _ = await runStack(stage, { offsets: "offsets", sessions: "sessions" });
      await insert(writer, 1, 5);
      await vi.waitFor(() => expect(inOrder(application.rows)).toEqual(range(1, 5)), WITHIN);
    }
    // Each order takes the next epoch, so that the new stack's first epoch is an earlier one.
    const store = new OffsetStore(stage.clients.dynamodb, "offsets");
    for (let order = 0; order < 5; order++)
      expect(await store.startAnew(await store.load(), { kind: "now" })).toBe(true);
    {
      await using _ = await runStack(stage, { offsets: "offsets", sessions: "sessions" });
      await insert(writer, 6, 10);
      await vi.waitFor(() => expect(inOrder(application.rows)).toEqual(range(1, 10)), WITHIN);
    }
    const former = (await store.load()).offset?.epoch ?? 0;

    const tables = await stage.attachRestored(new Map());
    // The same coordinates once more.
    await mysql.query("RESET BINARY LOGS AND GTIDS");
    {
      await using _ = await runStack(stage, tables);
      await insert(writer, 11, 30);
      await vi.waitFor(() => expect(inOrder(application.rows)).toEqual(range(1, 30)), WITHIN);
    }
    const fresh = new OffsetStore(stage.clients.dynamodb, tables.offsets);
    expect((await fresh.load()).offset?.epoch).toBeLessThan(former);
    expect(application.repeats).toEqual([]);
  });
});

test("two stacks for different users on one server each deliver their own users' changes, once", async () => {
  const other = await mysql.createAccount("app_other", ["ALL ON shop.*"]);
  await using first = await Stage.start();
  await using second = await Stage.start({
    environments: { staging: { users: [other.user] }, elsewhere: { users: [account.user] } },
    subscribers: { billing: { tables: ["shop.*"], environments: ["staging"] } },
  });
  const accounts = [account, other];
  const writers = await Promise.all(accounts.map((of) => mysql.connect(of)));
  await using running = new AsyncDisposableStack();
  const applications: Awaited<ReturnType<typeof startApplication>>[] = [];
  for (const stage of [first, second]) {
    await stage.createRawQueue({ visibilitySeconds: 30, maxReceives: 1000 });
    running.use(await runStack(stage, { offsets: "offsets", sessions: "sessions" }));
    const positions = await makeStorePlace("memory", stage, mysql);
    applications.push(running.use(await startApplication(stage, positions.open())));
  }
  for (let id = 1; id <= 20; id += 2)
    for (const [index, writer] of writers.entries()) await insert(writer, id + index, id + index);
  const odd = range(1, 20).filter((id) => id % 2 === 1);
  const even = range(1, 20).filter((id) => id % 2 === 0);
  await vi.waitFor(() => {
    expect(applications.map(({ rows }) => inOrder(rows))).toEqual([odd, even]);
  }, WITHIN);
  expect(applications.flatMap(({ repeats }) => repeats)).toEqual([]);
});
