import { expect, test, vi } from "vitest";
import { parkedRecords } from "../../../infra/local/running/failure-records.ts";
import { parseConnection } from "../../../operator/commands/failures/attribute.ts";
import { SessionsTable } from "../../../reader/sessions/sessions-table.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { Pipeline } from "../../support/functions/pipeline.ts";
import { SOURCE } from "../../support/functions/frames.ts";
import { Stage } from "../../support/functions/stage.ts";
import { binlogRouterOn, stackFileOf } from "../../support/operator.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";

const PATIENCE = { timeout: 60_000, interval: 200 };

/** More connections than performance_schema has slots. */
const CROWD = 60;
const mysql = useMysql({ variables: { performance_schema_max_thread_instances: CROWD } });

test("parked changes are delivered in order when their connection becomes known or an operator names the user", async () => {
  await using stage = await Stage.start();
  await stage.createRawQueue({ visibilitySeconds: 30, maxReceives: 10 });
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (n INT PRIMARY KEY)");
  const staging = await mysql.createAccount("app_staging", ["ALL ON shop.*"]);
  const tester = await mysql.createAccount("app_test", ["ALL ON shop.*"]);
  // Threads without a slot in performance_schema are not listed. The doctor reports this.
  for (let i = 0; i < CROWD; i++) await mysql.connect();
  await using bench = await ReaderBench.create(stage.aws, mysql.server, {
    SOURCE_NAME: SOURCE,
    RAW_QUEUE_URL: stage.rawQueueUrl,
    OFFSETS_TABLE: "offsets",
    SESSIONS_TABLE: "sessions",
    PAYLOAD_BUCKET: "payloads",
    SWEEP_SECONDS: "1",
  });
  await using functions = new AsyncDisposableStack();
  functions.use(
    new Pipeline(stage, {
      retryEveryMs: 200,
      backoff: { baseMs: 1, longestMs: 100, attempts: 1_000_000 },
    }),
  );
  const parked = async (): Promise<number> =>
    (await parkedRecords(stage.clients.dynamodb, "failures")).reduce(
      (sum, { count }) => sum + count,
      0,
    );
  // The index by which streams are listed is eventually consistent. While a retry moves an entry,
  // the index may briefly not contain it.
  const streamOf = (ofThread: number): Promise<string> =>
    vi.waitFor(async () => {
      const streams = JSON.parse(await failures(stage, "list", "--json")) as { stream: string }[];
      const found = streams.find(({ stream }) => stream.endsWith(`/${ofThread}`));
      return found?.stream ?? expect.fail("the stream is not listed");
    }, PATIENCE);
  await bench.start();
  const stays = await mysql.connect(staging);
  await stays.query("INSERT INTO shop.orders VALUES (1)");
  const leaves = await mysql.connect(tester);
  await leaves.query("INSERT INTO shop.orders VALUES (2)");
  const thread = leaves.threadId;
  leaves.destroy();
  await stays.query("INSERT INTO shop.orders VALUES (3)");
  await vi.waitUntil(async () => (await parked()) === 3, PATIENCE);

  const table = new SessionsTable(stage.clients.dynamodb, "sessions");
  const connection = parseConnection(await streamOf(stays.threadId));
  const account = { user: staging.user, host: "localhost", attribution: "sweep" } as const;
  await table.record([{ connection, entries: [{ ...account, from: "" }] }]);
  await vi.waitUntil(async () => (await parked()) === 1, PATIENCE);
  await stays.query("INSERT INTO shop.orders VALUES (4)");
  const arrived: string[] = [];
  await vi.waitUntil(async () => {
    arrived.push(...summaries(await stage.receiveAll("staging")));
    return arrived.length === 3;
  }, PATIENCE);
  expect(arrived.filter((text) => text.includes("late"))).toEqual([
    expect.stringMatching(new RegExp(`^1 shop\\.orders#late-${stays.threadId}-.* sweep$`)),
    expect.stringMatching(new RegExp(`^3 shop\\.orders#late-${stays.threadId}-.* sweep$`)),
  ]);
  expect(arrived.filter((text) => !text.includes("late"))).toEqual(["4 shop.orders sweep"]);
  expect(await stage.receiveAll("test")).toEqual([]);

  const stream = await streamOf(thread);
  const answer = ["--user", "app_test", "--host", "10.9.9.9", "--yes"];
  await failures(stage, "attribute", stream, ...answer);
  await vi.waitUntil(async () => (await parked()) === 0, PATIENCE);
  expect(summaries(await stage.receiveAll("test"))).toEqual([
    expect.stringMatching(new RegExp(`^2 shop\\.orders#late-${thread}-.* operator$`)),
  ]);
  expect(await stage.receiveAll("staging")).toEqual([]);
  expect(await stage.receiveAll("production")).toEqual([]);
});

/** `number group attribution` of each change. */
function summaries(messages: readonly EnvironmentMessage[]): string[] {
  return messages.flatMap(({ group, changes }) =>
    changes.map(({ after, attribution }) => `${String(after?.["n"])} ${group} ${attribution}`),
  );
}

/** The output of a `failures` subcommand on a stage. */
async function failures(stage: Stage, ...args: string[]): Promise<string> {
  const { code, out, problem } = await binlogRouterOn(stackFileOf(stage.aws), "failures", ...args);
  expect({ code, problem }).toEqual({ code: 0, problem: "" });
  return out;
}
