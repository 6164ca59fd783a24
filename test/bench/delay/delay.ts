import type { BenchmarkRun, Figure } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { SHARED, startStack, type SharedStack } from "../shared-stack.ts";
import { BenchWriter, createOrders } from "../writers.ts";
import { Neighbour } from "./neighbour.ts";
import { percentile } from "./percentile.ts";

const ENVIRONMENT = "staging";
const TABLE = "delay";
const CONNECTIONS = 8;
/** Bulk inserts at this rate leave about half of a machine with two cores. */
const NEIGHBOURS_ROWS_PER_SECOND = 4000;

/** A first load, so that the measured code is compiled. */
const WARM_UP = { perSecond: 300, seconds: 8 };

interface Case {
  readonly perSecond: number;
  readonly loaded: boolean;
  readonly targets: { readonly p50?: number; readonly p99?: number };
}

/** With `delivery.delayMs` left out. */
const CASES: readonly Case[] = [
  { perSecond: 100, loaded: false, targets: { p50: 50, p99: 250 } },
  { perSecond: 1000, loaded: false, targets: {} },
  { perSecond: 100, loaded: true, targets: {} },
  { perSecond: 1000, loaded: true, targets: {} },
];

/** The shortest `delivery.delayMs`. */
export const SHORTEST_DELAY_MS = 5;
const CASES_OF_SHORTEST: readonly Case[] = [
  { perSecond: 100, loaded: false, targets: { p50: 5, p99: 25 } },
  { perSecond: 1000, loaded: false, targets: { p50: 10 } },
];

/**
 * Measures the delay from sending a one-row transaction to MySQL until the application's handler;
 * it includes the commit. Measured with the default `delivery.delayMs` and with the shortest one.
 */
export async function benchDelay(run: BenchmarkRun): Promise<void> {
  await measureShortest(run);
  await measure(run, await run.stack(), CASES, "");
}

/** With a stack of its own, which ends before the shared one starts. */
async function measureShortest(run: BenchmarkRun): Promise<void> {
  await using stack = await startStack({ ...SHARED, delivery: { delayMs: SHORTEST_DELAY_MS } });
  await measure(run, stack, CASES_OF_SHORTEST, `, delayMs ${SHORTEST_DELAY_MS}`);
}

async function measure(
  run: BenchmarkRun,
  stack: SharedStack,
  cases: readonly Case[],
  setting: string,
): Promise<void> {
  await createOrders(stack.pool(ENVIRONMENT, 1), TABLE);
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: "billing",
    environment: ENVIRONMENT,
    concurrency: 1,
  });
  run.progress(`warm up${setting}`);
  await delays(stack, consumer, TABLE, WARM_UP.perSecond, run.quick ? 1 : WARM_UP.seconds);
  for (const { perSecond, loaded, targets } of cases) {
    run.signal.throwIfAborted();
    const beside = loaded
      ? `another environment inserts ${NEIGHBOURS_ROWS_PER_SECOND} rows/s in bulk`
      : "idle";
    const work = `${perSecond} transactions/s, ${beside}${setting}`;
    run.progress(work);
    await using neighbour = loaded
      ? await Neighbour.start(stack, NEIGHBOURS_ROWS_PER_SECOND)
      : null;
    await delays(stack, consumer, TABLE, perSecond, run.quick ? 1 : 2);
    const measured = await delays(stack, consumer, TABLE, perSecond, run.quick ? 1 : 15);
    await neighbour?.finish();
    for (const figure of figures(work, measured, targets)) run.report(figure);
  }
}

/** The delay of each transaction, milliseconds. Throws when one does not arrive. */
export async function delays(
  { file }: SharedStack,
  consumer: BenchConsumer,
  table: string,
  perSecond: number,
  seconds: number,
): Promise<readonly number[]> {
  const before = consumer.changes;
  await using writer = await BenchWriter.start(file, {
    environment: ENVIRONMENT,
    tables: [table],
    connections: CONNECTIONS,
    rowsPerTransaction: 1,
    rowsPerSecond: perSecond,
    rows: perSecond * seconds,
  });
  const { rows } = await writer.ended;
  await consumer.until(before + rows);
  const taken = consumer.takeDelays();
  if (taken.length !== rows) throw new Error(`${taken.length} delays of ${rows} transactions`);
  return taken;
}

function figures(
  work: string,
  measured: readonly number[],
  { p50, p99 }: Case["targets"],
): readonly Figure[] {
  const figure = (name: string, share: number, atMost?: number): Figure => ({
    work,
    name: `delay ${name}`,
    value: percentile(measured, share),
    unit: "ms",
    ...(atMost !== undefined && { target: { atMost } }),
  });
  return [figure("p50", 0.5, p50), figure("p99", 0.99, p99), figure("max", 1)];
}
