import { setTimeout as pause } from "node:timers/promises";
import { SESSIONS_PER_ITEM } from "../../../wire/session-items.ts";
import type { BenchmarkRun, Figure } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { OldBinlogs } from "../memory/old-binlogs.ts";
import { STEADY_LOAD, SteadyLoad } from "../memory/steady-load.ts";
import { Disturbances } from "./disturbances.ts";
import { Sampler, type Sample } from "./samples.ts";

const ENVIRONMENT = "test";
/**
 * The number of samples, whatever the duration. The first fifth is a warm-up: code is compiled,
 * connections are opened.
 */
const SAMPLES = 60;
const WARM_UP = SAMPLES / 5;
const MS_PER_HOUR = 3_600_000;
/** Changes parked for a queue in trouble may arrive only at the next retry. */
const SILENCE_MS = 10 * 60_000;

interface Watched {
  readonly name: string;
  readonly unit: string;
  /** What stands for a third of the samples. */
  readonly of: (values: readonly number[]) => number;
  /** The bound for the last third divided by the first third. */
  readonly atMost: number;
}

/**
 * Memory rises until the garbage is collected, every few minutes. So its median depends on when a
 * third begins; its greatest value does not.
 */
const FIGURES: Readonly<Record<Exclude<keyof Sample, "items">, Watched>> = {
  readerMb: { name: "reader resident, at most", unit: "MB", of: greatest, atMost: 1.1 },
  routeMb: { name: "route resident, at most", unit: "MB", of: greatest, atMost: 1.1 },
  handles: { name: "open files and sockets", unit: "", of: median, atMost: 1.1 },
  delayP50: { name: "delay p50", unit: "ms", of: median, atMost: 1.5 },
  delayP99: { name: "delay p99", unit: "ms", of: median, atMost: 1.5 },
};

/**
 * Constant load for hours, with rotations, reconnects, new definitions and new connections. A
 * figure that grows during this time would grow for ever. Throws when a change is missing or
 * arrives twice.
 */
export async function benchSoak(run: BenchmarkRun): Promise<void> {
  const { hours, signal } = run;
  const everyMs = (hours * MS_PER_HOUR) / SAMPLES;
  const stack = await run.stack();
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: "billing",
    environment: ENVIRONMENT,
    concurrency: 4,
  });
  using sampler = new Sampler(stack.file, consumer);
  const arrived = consumer.changes;
  await using binlogs = await OldBinlogs.open(stack);
  await using load = await SteadyLoad.start(stack, ENVIRONMENT);
  await using disturbances = await Disturbances.start(stack, ENVIRONMENT);
  const samples: Sample[] = [];
  while (samples.length < SAMPLES) {
    await pause(everyMs, undefined, { signal });
    const sample = await sampler.take();
    samples.push(sample);
    run.progress(`${samples.length} of ${SAMPLES}: ${JSON.stringify(sample)}`);
    await binlogs.purge();
  }
  const written = (await disturbances.finish()) + (await load.finish());
  await consumer.until(arrived + written, SILENCE_MS);
  // A repeat would arrive within this time.
  await pause(2000, undefined, { signal });
  if (consumer.changes !== arrived + written)
    throw new Error(`${consumer.changes - arrived} changes arrived of ${written}`);
  const { connection, rotation, definition, reconnect } = disturbances.counts;
  const work =
    `${hours} hours of ${STEADY_LOAD}, ${rotation} rotations, ${reconnect} reconnects, ` +
    `${definition} new definitions, ${connection} new connections`;
  for (const figure of figures(work, samples.slice(WARM_UP))) run.report(figure);
  run.report(growth(work, samples, connection));
}

/**
 * The growth of the tables in all samples, beside what the new connections of that time need: the
 * sessions table has an item for 256 of them.
 */
function growth(work: string, samples: readonly Sample[], connections: number): Figure {
  return {
    work,
    name: "DynamoDB items, grown by",
    value: (samples.at(-1)?.items ?? 0) - (samples[0]?.items ?? 0),
    unit: "",
    beside: {
      name: "an item for 256 connections",
      value: Math.ceil(connections / SESSIONS_PER_ITEM) + 1,
    },
    target: { atMost: 1 },
  };
}

/** What stands for the last third of the samples, beside what stands for the first third. */
function figures(work: string, samples: readonly Sample[]): readonly Figure[] {
  const third = Math.floor(samples.length / 3);
  return (Object.keys(FIGURES) as (keyof typeof FIGURES)[]).map((key) => {
    const { name, unit, of, atMost } = FIGURES[key];
    const values = samples.map((sample) => sample[key]);
    return {
      work,
      name: `${name}, last third`,
      value: of(values.slice(-third)),
      unit,
      beside: { name: "first third", value: of(values.slice(0, third)) },
      target: { atMost },
    };
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function greatest(values: readonly number[]): number {
  return Math.max(...values);
}
