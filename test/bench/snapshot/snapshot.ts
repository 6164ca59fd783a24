import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { OrderStore } from "../../../reader/snapshot/order-store.ts";
import {
  orderAttribute,
  SNAPSHOTS_KEY,
  type SnapshotOrder,
  type SnapshotReport,
  type SnapshotState,
} from "../../../wire/snapshot-items.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { delays } from "../delay/delay.ts";
import { percentile } from "../delay/percentile.ts";
import { insertInOneTransaction, LARGE_TABLE } from "../memory/large-transaction.ts";
import { forgetPeak, resident } from "../memory/resident.ts";
import type { SharedStack } from "../shared-stack.ts";
import { createOrders } from "../writers.ts";

const SUBSCRIBER = "billing";
/** The environment whose ordinary changes are measured meanwhile. */
const BUSY = "staging";
const BUSY_TABLE = "delay";
/** The environment that gets the snapshot. */
const TAKING = "production";
const PER_SECOND = 100;
const READER_MB = 300;
/** How many times the delays are measured with the snapshot and, while it is paused, without it. */
const TURNS = 4;
/** Queries per chunk: for the visible transactions, the rows, and the end of the binlog. */
const QUERIES = 3;

/**
 * A snapshot of a large table for one environment while another one writes. Measures how fast the
 * rows get to the raw queue, the number of queries, the reader's memory, and the delay of ordinary
 * changes.
 */
export async function benchSnapshot(run: BenchmarkRun): Promise<void> {
  const rows = run.quick ? 20_000 : 1_000_000;
  const work = `${rows.toLocaleString("en")} rows`;
  const stack = await run.stack();
  await createOrders(stack.pool(BUSY, 1), BUSY_TABLE);
  await using taking = consumerOf(stack, TAKING);
  await using busy = consumerOf(stack, BUSY);
  run.progress("fill the table");
  await insertInOneTransaction(stack.pool(TAKING, 1), rows);
  await taking.until(rows, 120_000);
  const seconds = run.quick ? 2 : 8;
  await delays(stack, busy, BUSY_TABLE, PER_SECOND, seconds);

  run.progress(work);
  const reader = stack.file.processes["reader"] ?? 0;
  await forgetPeak(reader);
  using snapshot = await order(stack, run.signal);
  const meanwhile: number[] = [];
  const without: number[] = [];
  for (let turn = 1; turn <= TURNS; turn++) {
    run.progress(`turn ${turn}: delays with the snapshot and without it`);
    meanwhile.push(...(await delays(stack, busy, BUSY_TABLE, PER_SECOND, seconds)));
    await snapshot.pause();
    without.push(...(await delays(stack, busy, BUSY_TABLE, PER_SECOND, seconds)));
    await snapshot.resume();
  }
  const report = await snapshot.until("complete");
  const took = (report.updatedMs - (report.begunMs ?? 0) - snapshot.pausedMs) / 1000;
  const { peak } = await resident(reader);

  run.report({ work, name: "time", value: took, unit: "s" });
  run.report({ work, name: "reader", value: report.rows / took, unit: "rows/s" });
  run.report({ work, name: "queries", value: QUERIES * report.chunks, unit: "" });
  run.report({
    work,
    name: "reader at most",
    value: peak,
    unit: "MB",
    target: { atMost: READER_MB },
  });
  run.report({
    work: `${PER_SECOND} transactions/s meanwhile`,
    name: "delay p99",
    value: percentile(meanwhile, 0.99),
    unit: "ms",
    beside: { name: "without a snapshot", value: percentile(without, 0.99) },
    target: { atMost: 2 },
  });
}

function consumerOf(stack: SharedStack, environment: string): BenchConsumer {
  return new BenchConsumer(stack.file, { subscriber: SUBSCRIBER, environment, concurrency: 4 });
}

/** A snapshot that was ordered. */
class Ordered implements Disposable {
  readonly #order: SnapshotOrder;
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;
  readonly #signal: AbortSignal;
  #pausedMs = 0;
  #pausedAt = 0;

  constructor(placed: SnapshotOrder, dynamodb: DynamoDBClient, table: string, signal: AbortSignal) {
    this.#order = placed;
    this.#dynamodb = dynamodb;
    this.#table = table;
    this.#signal = signal;
  }

  /** How long it was paused so far. */
  get pausedMs(): number {
    return this.#pausedMs;
  }

  async pause(): Promise<void> {
    await this.#want("pause");
    await this.until("paused");
    this.#pausedAt = Date.now();
  }

  async resume(): Promise<void> {
    await this.#want("run");
    await this.until("running");
    this.#pausedMs += Date.now() - this.#pausedAt;
  }

  /** Waits for a state of the reader's report, or for the end. */
  async until(state: SnapshotState): Promise<SnapshotReport> {
    const orders = new OrderStore(this.#dynamodb, this.#table);
    for (;;) {
      const found = (await orders.load()).find((each) => each.order.id === this.#order.id)?.report;
      if (found?.state === "refused" || found?.state === "stopped") throw new Error(found.reason);
      if (found?.state === state || found?.state === "complete") return found;
      await delay(200, undefined, { signal: this.#signal });
    }
  }

  async #want(wanted: SnapshotOrder["wanted"]): Promise<void> {
    const [name, attribute] = orderAttribute({ ...this.#order, wanted });
    await this.#dynamodb.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { ...SNAPSHOTS_KEY },
        UpdateExpression: "SET #order = :order",
        ExpressionAttributeNames: { "#order": name },
        ExpressionAttributeValues: { ":order": attribute },
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#dynamodb.destroy();
  }
}

async function order({ file }: SharedStack, signal: AbortSignal): Promise<Ordered> {
  const { region, accessKeyId, secretAccessKey, dynamodbEndpoint } = file.aws;
  const dynamodb = new DynamoDBClient({
    region,
    credentials: { accessKeyId, secretAccessKey },
    endpoint: dynamodbEndpoint,
  });
  const placed: SnapshotOrder = {
    id: `bench-${randomUUID()}`,
    subscriber: SUBSCRIBER,
    environment: TAKING,
    tables: [`shop.${LARGE_TABLE}`],
    startedBy: "npm run bench",
    startedMs: Date.now(),
    wanted: "run",
  };
  await new OrderStore(dynamodb, file.tables.offsets).place(placed);
  return new Ordered(placed, dynamodb, file.tables.offsets, signal);
}
