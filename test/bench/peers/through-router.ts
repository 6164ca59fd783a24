import { handledPerSecond, writeBacklog } from "../backlog.ts";
import type { BenchmarkRun, Target } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { delays, SHORTEST_DELAY_MS } from "../delay/delay.ts";
import { SHARED, type SharedStack, startStack } from "../shared-stack.ts";
import { createOrders } from "../writers.ts";
import { delayFigures, ROUTER, ROUTER_SOONER, throughputFigures, WORKS } from "./works.ts";

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
export async function measureRouter(run: BenchmarkRun): Promise<void> {
  await measureDefault(run);
  await measureSooner(run);
}

/** With `delivery.delayMs` left out. */
async function measureDefault(run: BenchmarkRun): Promise<void> {
  const { quick, signal, report, progress } = run;
  await using stack = await startStack(SHARED);
  for (const { work, environment, table, load } of LOADS) {
    signal.throwIfAborted();
    progress(`${work}, ${ROUTER}`);
    await createOrders(stack.pool(environment, 1), table);
    const rows = quick ? load.rows / 10 : load.rows;
    const throughput = await drain(stack, environment, table, { ...load, rows });
    for (const figure of throughputFigures(work, ROUTER, throughput)) report(figure);
  }
  await measureDelay(run, stack, ROUTER);
}

/** The delay with the shortest `delivery.delayMs`. */
async function measureSooner(run: BenchmarkRun): Promise<void> {
  await using stack = await startStack({ ...SHARED, delivery: { delayMs: SHORTEST_DELAY_MS } });
  await measureDelay(run, stack, ROUTER_SOONER, { p50: { atMost: 5 }, p99: { atMost: 25 } });
}

async function measureDelay(
  { quick, signal, report, progress }: BenchmarkRun,
  stack: SharedStack,
  name: string,
  targets?: { readonly p50: Target; readonly p99: Target },
): Promise<void> {
  signal.throwIfAborted();
  progress(`${WORKS.delay}, ${name}`);
  const { environment, table, perSecond, seconds } = DELAY;
  await createOrders(stack.pool(environment, 1), table);
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: SUBSCRIBER,
    environment,
    concurrency: 1,
  });
  await delays(stack, consumer, table, WARM_UP.perSecond, quick ? 1 : WARM_UP.seconds);
  const measured = await delays(stack, consumer, table, perSecond, quick ? 1 : seconds);
  for (const figure of delayFigures(WORKS.delay, name, measured, targets)) report(figure);
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
