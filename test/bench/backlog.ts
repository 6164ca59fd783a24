import { setTimeout as delay } from "node:timers/promises";
import type { BenchConsumer } from "./consumer.ts";
import type { SharedStack } from "./shared-stack.ts";
import { BenchWriter, type WriterOptions, type Written } from "./writers.ts";

/**
 * The reader trusts its lease for 12 s from a renewal, and may have renewed it 3.75 s before it is
 * suspended. Within what is left it continues where it was.
 */
const STANDS_STILL_MS = 7_000;

/**
 * Writes while the reader is suspended, so that the reader's work can be measured without the
 * writer's. The reader continues when the promise resolves. A machine that does not manage all rows
 * in seven seconds writes fewer.
 */
export async function writeBacklog(
  { file }: Pick<SharedStack, "file">,
  options: WriterOptions,
): Promise<Written> {
  const reader = file.processes["reader"];
  if (reader === undefined) throw new Error("the stack has no reader");
  process.kill(reader, "SIGSTOP");
  // Begun before the writer, whose start takes seconds on a busy machine.
  const patience = new AbortController();
  const isOver = delay(STANDS_STILL_MS, true, { signal: patience.signal }).catch(() => false);
  try {
    await using writer = await BenchWriter.start(file, options);
    const enough = isOver.then((over) => (over ? writer.stop() : writer.ended));
    return await Promise.race([writer.ended, enough]);
  } finally {
    patience.abort();
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
