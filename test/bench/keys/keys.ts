import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { SHARED, startStack } from "../shared-stack.ts";
import { BenchWriter, createOrders } from "../writers.ts";

const ENVIRONMENT = "staging";
const TABLE = "keyed";
const ROWS_PER_SECOND = 10_000;
const SILENCE_MS = 60_000;
const FULL = { seconds: 10, warmUpRows: 5000 };
const QUICK: typeof FULL = { seconds: 0.2, warmUpRows: 500 };

interface Case {
  readonly name: string;
  readonly keyBuckets?: number;
  readonly atMostSeconds?: number;
}

const CASES: readonly Case[] = [
  { name: "a message group for each key" },
  { name: "64 buckets of keys", keyBuckets: 64, atMostSeconds: 2 },
];

/** How far a subscriber with `groupBy: "key"` is behind when 10,000 rows a second are inserted. */
export async function benchKeys(run: BenchmarkRun): Promise<void> {
  const { seconds, warmUpRows } = run.quick ? QUICK : FULL;
  for (const { name, keyBuckets, atMostSeconds } of CASES) {
    run.signal.throwIfAborted();
    run.progress(name);
    await using stack = await startStack({
      ...SHARED,
      subscribers: { billing: { tables: ["shop.*"], groupBy: "key", keyBuckets } },
    });
    await createOrders(stack.pool(ENVIRONMENT, 1), TABLE);
    await using consumer = new BenchConsumer(stack.file, {
      subscriber: "billing",
      environment: ENVIRONMENT,
      concurrency: 64,
    });
    const load = {
      environment: ENVIRONMENT,
      tables: [TABLE],
      connections: 4,
      rowsPerTransaction: 50,
    };
    // A warm-up: compiles the code that is measured afterwards.
    await using warmUp = await BenchWriter.start(stack.file, {
      ...load,
      rows: warmUpRows,
      rowsPerSecond: null,
    });
    await warmUp.ended;
    await consumer.until(warmUpRows, SILENCE_MS);
    const rows = ROWS_PER_SECOND * seconds;
    await using writer = await BenchWriter.start(stack.file, {
      ...load,
      rows,
      rowsPerSecond: ROWS_PER_SECOND,
    });
    await writer.ended;
    const writtenAt = performance.now();
    await consumer.until(warmUpRows + rows, SILENCE_MS);
    run.report({
      work: `${ROWS_PER_SECOND} rows/s for ${seconds} s, ${name}`,
      name: "behind at the end",
      value: (performance.now() - writtenAt) / 1000,
      unit: "s",
      ...(atMostSeconds !== undefined && { target: { atMost: atMostSeconds } }),
    });
  }
}
