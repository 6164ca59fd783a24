import { setTimeout as pause } from "node:timers/promises";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import type { SharedStack } from "../shared-stack.ts";
import { insertInOneTransaction } from "./large-transaction.ts";
import { OldBinlogs } from "./old-binlogs.ts";
import { forgetPeak, resident } from "./resident.ts";
import { STEADY_LOAD, SteadyLoad } from "./steady-load.ts";

const ENVIRONMENT = "test";
const PARTS = ["reader", "route"] as const;
type Part = (typeof PARTS)[number];

const FULL = { loadSeconds: 600, sampleSeconds: 20, rows: 1_000_000, progressSeconds: 30 };
const QUICK = { loadSeconds: 4, sampleSeconds: 1, rows: 50_000, progressSeconds: 2 };

/** The most memory that each part may take, in steady load and in the large transaction, MB. */
const AT_MOST_MB: Readonly<Record<Part, number>> = { reader: 150, route: 256 };

/**
 * Measures resident memory during one large transaction, and then in steady load until the stack
 * has run for ten minutes. The benchmarks before this one share the stack, and their load counts.
 */
export async function benchMemory(run: BenchmarkRun): Promise<void> {
  const sizes = run.quick ? QUICK : FULL;
  const stack = await run.stack();
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: "billing",
    environment: ENVIRONMENT,
    concurrency: 4,
  });
  await measureTransaction(run, stack, consumer, sizes.rows);
  const beganMs = run.quick ? performance.now() : stack.readyAtMs;
  await measureSteadyLoad(run, stack, consumer, {
    ...sizes,
    endMs: beganMs + sizes.loadSeconds * 1000,
  });
}

async function measureTransaction(
  { report, progress }: BenchmarkRun,
  stack: SharedStack,
  consumer: BenchConsumer,
  rows: number,
): Promise<void> {
  const work = `a transaction of ${rows.toLocaleString("en")} rows`;
  progress(work);
  const arrived = consumer.changes;
  for (const part of PARTS) await forgetPeak(pidOf(stack, part));
  await insertInOneTransaction(stack.pool(ENVIRONMENT, 1), rows);
  await consumer.until(arrived + rows);
  for (const part of PARTS) {
    const { peak } = await resident(pidOf(stack, part));
    report({
      work,
      name: `${part} at most`,
      value: peak,
      unit: "MB",
      target: { atMost: AT_MOST_MB[part] },
    });
  }
}

async function measureSteadyLoad(
  { report, progress, signal }: BenchmarkRun,
  stack: SharedStack,
  consumer: BenchConsumer,
  { endMs, loadSeconds, sampleSeconds, progressSeconds }: typeof FULL & { readonly endMs: number },
): Promise<void> {
  const arrived = consumer.changes;
  await using binlogs = await OldBinlogs.open(stack);
  await using load = await SteadyLoad.start(stack, ENVIRONMENT);
  for (const part of PARTS) await forgetPeak(pidOf(stack, part));
  progress(STEADY_LOAD);
  const first = await sample(stack, sampleSeconds, signal);

  const lastSampleMs = endMs - sampleSeconds * 1000;
  for (let now = performance.now(); now < lastSampleMs; now = performance.now()) {
    progress(`${STEADY_LOAD}, another ${Math.ceil((endMs - now) / 1000)} s`);
    await pause(Math.min(progressSeconds * 1000, lastSampleMs - now), undefined, { signal });
    await binlogs.purge();
  }
  const last = await sample(stack, sampleSeconds, signal);
  await consumer.until(arrived + (await load.finish()));

  const time = loadSeconds < 60 ? `${loadSeconds} s` : `${loadSeconds / 60} minutes`;
  const work = `${time} of load, at last ${STEADY_LOAD}`;
  for (const part of PARTS) {
    const { peak } = await resident(pidOf(stack, part));
    report({
      work,
      name: `${part} resident`,
      value: last[part],
      unit: "MB",
      target: { atMost: AT_MOST_MB[part] },
    });
    report({ work, name: `${part} at most`, value: peak, unit: "MB" });
    report({ work, name: `${part} grown by`, value: last[part] - first[part], unit: "MB" });
  }
}

/**
 * Resident memory, MB, on average over some seconds, because it goes up and down with garbage
 * collection.
 */
async function sample(
  stack: SharedStack,
  seconds: number,
  signal: AbortSignal,
): Promise<Readonly<Record<Part, number>>> {
  const sums = { reader: 0, route: 0 };
  for (let second = 0; second < seconds; second++) {
    await pause(1000, undefined, { signal });
    for (const part of PARTS) sums[part] += (await resident(pidOf(stack, part))).now;
  }
  return { reader: sums.reader / seconds, route: sums.route / seconds };
}

function pidOf({ file: { processes } }: SharedStack, part: Part): number {
  const pid = processes[part];
  if (pid === undefined) throw new Error(`the stack has no process of the ${part}`);
  return pid;
}
