import { processUsage } from "../../../infra/local/console/metrics/process-usage.ts";
import { handledPerSecond, writeBacklog } from "../backlog.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { medianPair, type Pair } from "../pairs.ts";
import type { SharedStack } from "../shared-stack.ts";
import { createOrders } from "../writers.ts";
import { openPage } from "./open-page.ts";

const ENVIRONMENT = "production";
const ORDERS = "orders";
const ROUNDS = 15;
const LOAD = { connections: 4, rowsPerTransaction: 200, rowsPerSecond: null } as const;
/** More than a second's worth, so that the page refreshes itself several times. */
const ROWS = 200_000;

/** One drain: its throughput, and the processor time of `npm start`. */
interface Drain {
  readonly changesPerSecond: number;
  readonly cpuMicrosPerChange: number;
}

/**
 * What the page of `npm start` costs the run that it shows: the same backlog is drained with the
 * page open and with it closed, in pairs whose order alternates, so that a machine that gets faster
 * or slower favours neither.
 */
export async function benchConsole({
  quick,
  signal,
  progress,
  ...run
}: BenchmarkRun): Promise<void> {
  const stack = await run.stack();
  const { file } = stack;
  if (file.page === undefined) throw new Error("the stack has no page");
  await createOrders(stack.pool(ENVIRONMENT, 1), ORDERS);
  await using page = await openPage(file.page);
  const rows = quick ? ROWS / 10 : ROWS;
  const rounds: (readonly [open: Drain, closed: Drain])[] = [];
  // The first drain warms up all parts.
  await drain(stack, rows);
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    signal.throwIfAborted();
    progress(`round ${round + 1}`);
    const opened = async () => {
      await page.open();
      const measured = await drain(stack, rows);
      await page.close();
      return measured;
    };
    if (round % 2 === 0) {
      const open = await opened();
      rounds.push([open, await drain(stack, rows)]);
    } else {
      const closed = await drain(stack, rows);
      rounds.push([await opened(), closed]);
    }
  }
  const work = `the dashboard open ${page.viewer}`;
  const median = (of: (drain: Drain) => number): Pair =>
    medianPair(rounds.map(([open, closed]) => ({ value: of(open), beside: of(closed) })));
  const throughput = median(({ changesPerSecond }) => changesPerSecond);
  run.report({
    work,
    name: "binlog to client",
    value: throughput.value,
    unit: "changes/s",
    beside: { name: "closed", value: throughput.beside },
    target: { atLeast: 0.97 },
  });
  const cpu = median(({ cpuMicrosPerChange }) => cpuMicrosPerChange);
  run.report({
    work,
    name: "processor time of npm start",
    value: cpu.value,
    unit: "µs a change",
    beside: { name: "closed", value: cpu.beside },
  });
}

async function drain(stack: SharedStack, rows: number): Promise<Drain> {
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: "billing",
    environment: ENVIRONMENT,
    concurrency: 8,
  });
  const written = await writeBacklog(stack, {
    ...LOAD,
    rows,
    environment: ENVIRONMENT,
    tables: [ORDERS],
  });
  const before = await cpuSeconds(stack);
  const changesPerSecond = await handledPerSecond(consumer, written.rows);
  const used = (await cpuSeconds(stack)) - before;
  return { changesPerSecond, cpuMicrosPerChange: (1e6 * used) / written.rows };
}

/** The processor time of `npm start` since its start, seconds; 0 where there is no /proc. */
async function cpuSeconds({ file }: SharedStack): Promise<number> {
  return (await processUsage(file.processes["main"] ?? 0))?.cpuSeconds ?? 0;
}
