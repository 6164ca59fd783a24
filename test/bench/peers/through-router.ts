import { handledPerSecond, writeBacklog } from "../backlog.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { delays } from "../delay/delay.ts";
import { SHARED, type SharedStack, startStack } from "../shared-stack.ts";
import { createOrders } from "../writers.ts";
import { delayFigures, ROUTER, throughputFigures, WORKS } from "./works.ts";

const SUBSCRIBER = "billing";
/** Those of the benchmarks `deliver`, with fewer one-row transactions, and `delay`. */
const LOADS = [
  {
    work: WORKS.bulk,
    environment: "production",
    table: "bulk",
    load: { rows: 200_000, rowsPerTransaction: 200, connections: 4 },
  },
  {
    work: WORKS.oneRow,
    environment: "production",
    table: "one_row",
    load: { rows: 30_000, rowsPerTransaction: 1, connections: 16 },
  },
];
const DELAY = { environment: "staging", table: "delay", perSecond: 100, seconds: 10 };
const WARM_UP = { perSecond: 300, seconds: 8 };

/** The whole router, from the binlog to an application with its client. */
export async function measureRouter({
  quick,
  signal,
  report,
  progress,
}: BenchmarkRun): Promise<void> {
  await using stack = await startStack(SHARED);
  for (const { work, environment, table, load } of LOADS) {
    signal.throwIfAborted();
    progress(`${work}, ${ROUTER}`);
    await createOrders(stack.pool(environment, 1), table);
    const rows = quick ? load.rows / 10 : load.rows;
    const throughput = await drain(stack, environment, table, { ...load, rows });
    for (const figure of throughputFigures(work, ROUTER, throughput)) report(figure);
  }
  signal.throwIfAborted();
  progress(`${WORKS.delay}, ${ROUTER}`);
  const { environment, table, perSecond, seconds } = DELAY;
  await createOrders(stack.pool(environment, 1), table);
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: SUBSCRIBER,
    environment,
    concurrency: 1,
  });
  await delays(stack, consumer, table, WARM_UP.perSecond, quick ? 1 : WARM_UP.seconds);
  const measured = await delays(stack, consumer, table, perSecond, quick ? 1 : seconds);
  for (const figure of delayFigures(WORKS.delay, ROUTER, measured)) report(figure);
}

async function drain(
  stack: SharedStack,
  environment: string,
  table: string,
  load: (typeof LOADS)[number]["load"],
) {
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: SUBSCRIBER,
    environment,
    concurrency: 8,
  });
  const { rows } = await writeBacklog(stack, {
    ...load,
    environment,
    tables: [table],
    rowsPerSecond: null,
  });
  const rowsPerSecond = await handledPerSecond(consumer, rows);
  return { rows, rowsPerSecond, disordered: consumer.disordered };
}
