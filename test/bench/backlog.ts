import { setTimeout as delay } from "node:timers/promises";
import type { BenchConsumer } from "./consumer.ts";
import type { SharedStack } from "./shared-stack.ts";
import { BenchWriter, type WriterOptions, type Written } from "./writers.ts";

/** Less than the lease of the reader, so that the reader continues where it was. */
const STANDS_STILL_MS = 8_000;

/**
 * Writes while the reader is suspended, so that the reader's work can be measured without the
 * writer's. The reader continues when the promise resolves. A machine that does not manage all rows
 * in eight seconds writes fewer.
 */
export async function writeBacklog(
  { file }: Pick<SharedStack, "file">,
  options: WriterOptions,
): Promise<Written> {
  const reader = file.processes["reader"];
  if (reader === undefined) throw new Error("the stack has no reader");
  process.kill(reader, "SIGSTOP");
  try {
    await using writer = await BenchWriter.start(file, options);
    const patience = new AbortController();
    const enough = delay(STANDS_STILL_MS, undefined, { signal: patience.signal }).then(
      () => writer.stop(),
      () => writer.ended,
    );
    const written = await Promise.race([writer.ended, enough]);
    patience.abort();
    return written;
  } finally {
    process.kill(reader, "SIGCONT");
  }
}

/**
 * Changes per second from the first to the last that a new consumer handles. Throws when another
 * number of changes arrives.
 */
export async function handledPerSecond(consumer: BenchConsumer, changes: number): Promise<number> {
  await consumer.until(1);
  const firsts = consumer.changes;
  const beganMs = performance.now();
  await consumer.until(changes);
  if (consumer.changes !== changes) {
    throw new Error(`${consumer.changes} changes arrived, though ${changes} were written`);
  }
  return (changes - firsts) / ((performance.now() - beganMs) / 1000);
}
