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
const QUICK = { loadSeconds: 10, sampleSeconds: 2, rows: 50_000, progressSeconds: 5 };

/** What the reader is to stay below in steady load. */
const READER_MB = 200;

/**
 * Resident memory in steady load, during one large transaction, and in steady load again until the stack has been under
 * load for ten minutes: that of the benchmarks before this one counts, which share the stack.
 */
export async function benchMemory(run: BenchmarkRun): Promise<void> {
  const { loadSeconds, sampleSeconds, rows, progressSeconds } = run.quick ? QUICK : FULL;
  const { signal, report, progress } = run;
  const stack = await run.stack();
  await using binlogs = await OldBinlogs.open(stack);
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: "billing",
    environment: ENVIRONMENT,
    concurrency: 4,
  });
  let written = 0;

  progress(STEADY_LOAD);
  const first = await underSteadyLoad(() => sample(stack, sampleSeconds, signal));
  for (const part of PARTS) {
    const work = `${STEADY_LOAD}, at the beginning`;
    report({ work, name: `${part} resident`, value: first[part], unit: "MB" });
  }

  const transaction = `a transaction of ${rows.toLocaleString("en")} rows`;
  progress(transaction);
  for (const part of PARTS) await forgetPeak(pidOf(stack, part));
  await insertInOneTransaction(stack.pool(ENVIRONMENT, 1), rows);
  written += rows;
  await consumer.until(written);
  for (const part of PARTS) {
    const { peak } = await resident(pidOf(stack, part));
    report({ work: transaction, name: `${part} at most`, value: peak, unit: "MB" });
    await forgetPeak(pidOf(stack, part));
  }

  const endMs = run.quick
    ? performance.now() + loadSeconds * 1000
    : stack.readyAtMs + loadSeconds * 1000;
  const last = await underSteadyLoad(async () => {
    const lastSampleMs = endMs - sampleSeconds * 1000;
    while (performance.now() < lastSampleMs) {
      const leftSeconds = (endMs - performance.now()) / 1000;
      progress(`${STEADY_LOAD}, another ${Math.ceil(leftSeconds)} s`);
      const { changes } = consumer;
      await pause(Math.min(progressSeconds * 1000, lastSampleMs - performance.now()), undefined, {
        signal,
      });
      if (consumer.changes === changes) throw new Error("nothing arrives under steady load");
      await binlogs.purge();
    }
    return sample(stack, sampleSeconds, signal);
  });
  for (const part of PARTS) {
    const work = `${STEADY_LOAD}, after ${run.quick ? `${loadSeconds} s` : `${loadSeconds / 60} minutes`}`;
    const { peak } = await resident(pidOf(stack, part));
    report({
      work,
      name: `${part} resident`,
      value: last[part],
      unit: "MB",
      ...(part === "reader" && { target: { atMost: READER_MB } }),
    });
    report({ work, name: `${part} at most`, value: peak, unit: "MB" });
    report({ work, name: `${part} grown by`, value: last[part] - first[part], unit: "MB" });
  }

  /** Throws when not all arrives that was written meanwhile. */
  async function underSteadyLoad<Result>(action: () => Promise<Result>): Promise<Result> {
    await using load = await SteadyLoad.start(stack, ENVIRONMENT);
    const result = await action();
    written += await load.finish();
    await consumer.until(written);
    return result;
  }
}

/** Resident megabytes on average over so many seconds: between two collections of garbage they go up and down. */
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
