import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { OrderStore } from "../../../reader/snapshot/order-store.ts";
import type { SnapshotReport } from "../../../wire/snapshot-items.ts";
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
  run.progress("delays without a snapshot");
  await delays(stack, busy, BUSY_TABLE, PER_SECOND, run.quick ? 1 : 8);
  const without = await delays(stack, busy, BUSY_TABLE, PER_SECOND, run.quick ? 2 : 15);

  run.progress(work);
  const reader = stack.file.processes["reader"] ?? 0;
  await forgetPeak(reader);
  const snapshot = await order(stack, run.signal);
  const meanwhile = await delays(stack, busy, BUSY_TABLE, PER_SECOND, run.quick ? 2 : 15);
  const { seconds, report } = await snapshot.complete();
  const { peak } = await resident(reader);

  run.report({ work, name: "time", value: seconds, unit: "s" });
  run.report({ work, name: "reader", value: report.rows / seconds, unit: "rows/s" });
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

interface Ordered {
  /** Waits for the reader's report that all rows are acknowledged. */
  readonly complete: () => Promise<{ readonly seconds: number; readonly report: SnapshotReport }>;
}

async function order({ file }: SharedStack, signal: AbortSignal): Promise<Ordered> {
  const { region, accessKeyId, secretAccessKey, dynamodbEndpoint } = file.aws;
  const dynamodb = new DynamoDBClient({
    region,
    credentials: { accessKeyId, secretAccessKey },
    endpoint: dynamodbEndpoint,
  });
  const orders = new OrderStore(dynamodb, file.tables.offsets);
  const id = `bench-${randomUUID()}`;
  const beganMs = Date.now();
  await orders.place({
    id,
    subscriber: SUBSCRIBER,
    environment: TAKING,
    tables: [`shop.${LARGE_TABLE}`],
    startedBy: "npm run bench",
    startedMs: beganMs,
    wanted: "run",
  });
  return {
    async complete() {
      for (;;) {
        const found = (await orders.load()).find((each) => each.order.id === id)?.report;
        if (found?.state === "complete") {
          dynamodb.destroy();
          return { seconds: (found.updatedMs - (found.begunMs ?? beganMs)) / 1000, report: found };
        }
        if (found?.state === "refused" || found?.state === "stopped") throw new Error(found.reason);
        await pause(200, undefined, { signal });
      }
    },
  };
}
