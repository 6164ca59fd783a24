import { SQSClient } from "@aws-sdk/client-sqs";
import type { Connection } from "mysql2/promise";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { subscribe } from "../../../client/index.ts";
import type { AnyPositionStore } from "../../../client/position-store.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { makeStorePlace, type StoreName } from "../../support/client/position-stores.ts";
import { Pipeline } from "../../support/functions/pipeline.ts";
import { Stage } from "../../support/functions/stage.ts";
import { useMysql, type Account } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

// Real server, reader, functions and client. A stack is removed and made again under its name, with
// new tables; its queues remain, and so do the application and its position store. Or the
// application goes from a stack to one of another name.

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
async function runStack(
  stage: Stage,
  { offsets, sessions }: Tables,
  environment: Record<string, string> = {},
): Promise<AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const bench = started.use(
    await ReaderBench.create(stage.aws, mysql.server, {
      SOURCE_NAME: stage.source,
      RAW_QUEUE_URL: stage.rawQueueUrl,
      OFFSETS_TABLE: offsets,
      SESSIONS_TABLE: sessions,
      PAYLOAD_BUCKET: "payloads",
      SWEEP_SECONDS: "1",
      ...environment,
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
      source: stage.source,
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

test("an application handles what stacks of different names deliver, once for each, one after the other and at once", async () => {
  const other = await mysql.createAccount("app_other", ["ALL ON shop.*"]);
  await mysql.query("RESET BINARY LOGS AND GTIDS");
  await using first = await Stage.start();
  const staging = { users: [account.user, other.user] };
  await using second = await Stage.start(
    { environments: { staging }, subscribers: { billing: { tables: ["shop.*"] } } },
    "second",
  );
  await using place = await makeStorePlace("MySQL", first, mysql);
  // One process of the application with one store.
  const positions = place.open();
  await using running = new AsyncDisposableStack();
  const [ofFirst, ofSecond] = [
    running.use(await startApplication(first, positions)),
    running.use(await startApplication(second, positions)),
  ];
  for (const stage of [first, second])
    await stage.createRawQueue({ visibilitySeconds: 30, maxReceives: 1000 });
  const tables = { offsets: "offsets", sessions: "sessions" };
  const writer = await mysql.connect(account);
  const otherWriter = await mysql.connect(other);
  {
    await using _ = await runStack(first, tables);
    await insert(writer, 1, 5);
    await insert(otherWriter, 6, 10);
    await vi.waitFor(() => expect(inOrder(ofFirst.rows)).toEqual(range(1, 5)), WITHIN);
  }
  // The other stack reads the same coordinates.
  const oldest = { SOURCE_START: "oldest" };
  {
    await using _ = await runStack(second, tables, oldest);
    await vi.waitFor(() => expect(inOrder(ofSecond.rows)).toEqual(range(1, 10)), WITHIN);
  }
  running.use(await runStack(first, tables));
  running.use(await runStack(second, tables, oldest));
  await Promise.all([insert(writer, 11, 15), insert(otherWriter, 16, 20)]);
  await vi.waitFor(() => {
    expect(inOrder(ofSecond.rows)).toEqual(range(1, 20));
    expect(inOrder(ofFirst.rows)).toEqual([...range(1, 5), ...range(11, 15)]);
  }, WITHIN);
  expect([...ofFirst.repeats, ...ofSecond.repeats]).toEqual([]);
});
