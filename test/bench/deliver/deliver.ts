import { createConnection, type RowDataPacket } from "mysql2/promise";
import { handledPerSecond, writeBacklog } from "../backlog.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { type SharedStack, sharedWith, startStack } from "../shared-stack.ts";
import { createOrders } from "../writers.ts";
import { messagePerRow, type BinlogStretch } from "./message-per-row.ts";

const ENVIRONMENT = "production";
const ORDERS = "orders";
/**
 * How many message groups the compared program uses when it sends several rows at the same time.
 */
const GROUPS = 32;

interface Load {
  readonly work: string;
  readonly rows: number;
  readonly rowsPerTransaction: number;
  readonly connections: number;
}

const LOADS: readonly Load[] = [
  { work: "transactions of 200 rows", rows: 200_000, rowsPerTransaction: 200, connections: 4 },
  { work: "one-row transactions", rows: 100_000, rowsPerTransaction: 1, connections: 16 },
];

/**
 * Sustained throughput from binlog to client, for a backlog of one environment's changes to one
 * table and so of one message group. The comparison does the same work on the same part of the
 * binlog with zongji, a SendMessage for each row, and the same client. It has two variants: the
 * order of the table, with one send at a time, and the order of each key, with many sends at the
 * same time.
 */
export async function benchDeliver(run: BenchmarkRun): Promise<void> {
  const plain = await besideMessages(run);
  await besidePlain(run, plain);
}

/** Returns the throughput of each load. */
async function besideMessages(run: BenchmarkRun): Promise<readonly number[]> {
  const { quick, report, progress } = run;
  const plain: number[] = [];
  const stack = await run.stack();
  await createOrders(stack.pool(ENVIRONMENT, 1), ORDERS);
  for (const { work, ...load } of LOADS) {
    const rows = quick ? load.rows / 10 : load.rows;
    run.signal.throwIfAborted();
    progress(work);
    const { changesPerSecond, stretch } = await router(stack, { ...load, rows });
    const part = { ...stretch, rows: Math.min(stretch.rows, quick ? 200 : 4000) };
    progress(`${work}, a message per row, in the table's order`);
    const inOrder = await messagePerRow(stack, part, 1);
    progress(`${work}, a message per row, ${GROUPS} sends at once`);
    const byKey = await messagePerRow(stack, part, GROUPS);
    const name = byKey > inOrder ? `${GROUPS} sends at once` : "one send at a time";
    report({
      work,
      name: "binlog to client",
      value: changesPerSecond,
      unit: "changes/s",
      beside: { name: `a message per row, ${name}`, value: Math.max(inOrder, byKey) },
      target: { atLeast: 10 },
    });
    plain.push(changesPerSecond);
  }
  return plain;
}

/** The same loads for a subscriber with compact messages, on a stack of its own. */
async function besidePlain(run: BenchmarkRun, plain: readonly number[]): Promise<void> {
  await using stack = await startStack(sharedWith({ format: "compact" }));
  await createOrders(stack.pool(ENVIRONMENT, 1), ORDERS);
  for (const [index, { work, ...load }] of LOADS.entries()) {
    run.signal.throwIfAborted();
    run.progress(`${work}, compact messages`);
    const rows = run.quick ? load.rows / 10 : load.rows;
    const { changesPerSecond } = await router(stack, { ...load, rows });
    const beside = { name: "plain messages", value: plain[index] ?? 0 };
    const name = "binlog to client, compact messages";
    run.report({ work, name, value: changesPerSecond, unit: "changes/s", beside });
  }
}

/** The router's throughput for a load, and the load's position in the binlog. */
async function router(
  stack: SharedStack,
  load: Omit<Load, "work">,
): Promise<{ readonly changesPerSecond: number; readonly stretch: BinlogStretch }> {
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: "billing",
    environment: ENVIRONMENT,
    concurrency: 8,
  });
  const place = await endOfBinlog(stack);
  const { rows } = await writeBacklog(stack, {
    ...load,
    environment: ENVIRONMENT,
    tables: [ORDERS],
    rowsPerSecond: null,
  });
  return {
    changesPerSecond: await handledPerSecond(consumer, rows),
    stretch: { ...place, rows },
  };
}

async function endOfBinlog({ file }: SharedStack): Promise<Omit<BinlogStretch, "rows">> {
  await using administrator = await createConnection(file.mysql);
  const [logs] = await administrator.query<RowDataPacket[]>("SHOW BINARY LOGS");
  const last = logs.at(-1);
  return { file: String(last?.["Log_name"]), offset: Number(last?.["File_size"]) };
}
