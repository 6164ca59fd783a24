import { laneFor } from "../../../reader/frames/shipment.ts";
import { handledPerSecond, writeBacklog } from "../backlog.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import {
  SHARED,
  type SharedStack,
  sharedWith,
  type StackConfiguration,
  startStack,
} from "../shared-stack.ts";
import { createOrders } from "../writers.ts";

const ENVIRONMENT = "production";
const LANES = 8;
const BUSY = [1, 2, 4, LANES];
/**
 * What each send takes at least, milliseconds, from its request's first bytes to its answer. SQS
 * may take as much for half a megabyte; the stand-in takes a few milliseconds.
 */
const SEND_MS = 50;
/** The least throughput of one lane whose sends take long, changes a second. */
const DELAYED_LANE = 30_000;

const SUBSCRIBER = "billing";
/** The shared stack's subscriber with other messages. They hold more changes, and so are fewer. */
const COMPRESSED = sharedWith({ encoding: "zstd" });
const COMPACT = sharedWith({ format: "compact" });

interface Case {
  readonly work: string;
  readonly sendMs: number;
  readonly busy: readonly number[];
}

/**
 * Delivers a backlog of one, two, four and eight tables, each in its own lane: with the plain
 * stand-ins, where the machine's cores are the limit, and with sends that take as long as through a
 * network. Lanes whose table is not written to are idle, so one stack suffices for each
 * configuration.
 */
export async function benchLanes(run: BenchmarkRun): Promise<void> {
  const slow = `each send takes ${SEND_MS} ms`;
  await measure(run, SHARED, [
    { work: "bare stand-ins", sendMs: 0, busy: BUSY },
    { work: slow, sendMs: SEND_MS, busy: BUSY },
  ]);
  await measure(run, COMPACT, [
    { work: `${slow}, compact messages`, sendMs: SEND_MS, busy: [1, 2, 4] },
  ]);
  await measure(run, COMPRESSED, [
    { work: `${slow}, compressed messages`, sendMs: SEND_MS, busy: [1, 2, 4] },
  ]);
}

async function measure(
  { quick, signal, report, progress }: BenchmarkRun,
  configuration: StackConfiguration,
  cases: readonly Case[],
): Promise<void> {
  await using stack = await startStack({ ...configuration, lanes: LANES });
  const tables = oneTablePerLane();
  const pool = stack.pool(ENVIRONMENT, 1);
  for (const table of tables) await createOrders(pool, table);
  progress("a process of the route function for each lane");
  await deliver(stack, tables, 2000);
  for (const { work, sendMs, busy } of cases) {
    await using _ = await slowSends(stack, sendMs);
    let single: number | undefined;
    for (const lanes of busy) {
      signal.throwIfAborted();
      const name = lanes === 1 ? "1 lane" : `${lanes} lanes`;
      progress(`${work}, ${name}`);
      const { perSecond, sends, rows } = await deliver(
        stack,
        tables.slice(0, lanes),
        quick ? 1000 : 60_000,
      );
      report({
        work,
        name,
        value: perSecond,
        unit: "changes/s",
        ...(single !== undefined && { beside: { name: "1 lane", value: single } }),
        ...(lanes === 1 && sendMs > 0 && { target: { atLeast: DELAYED_LANE } }),
      });
      // One lane sends one message after the other, so this is what a send took, and a little more.
      if (lanes === 1 && sendMs > 0 && !quick) {
        const value = (rows / perSecond / sends) * 1000;
        report({ work, name: "1 lane, from a send to the next", value, unit: "ms" });
      }
      single ??= perSecond;
    }
  }
}

interface Delivered {
  readonly perSecond: number;
  readonly rows: number;
  /** The messages to the environment's queue. */
  readonly sends: number;
}

/** Delivers a backlog in these tables. */
async function deliver(
  stack: SharedStack,
  tables: readonly string[],
  rows: number,
): Promise<Delivered> {
  await using consumer = new BenchConsumer(stack.file, {
    subscriber: SUBSCRIBER,
    environment: ENVIRONMENT,
    concurrency: LANES,
  });
  const sentBefore = await sendsOf(stack);
  const written = await writeBacklog(stack, {
    environment: ENVIRONMENT,
    tables,
    connections: 4,
    rowsPerTransaction: 100,
    rowsPerSecond: null,
    rows,
  });
  const perSecond = await handledPerSecond(consumer, written.rows);
  return { perSecond, rows: written.rows, sends: (await sendsOf(stack)) - sentBefore };
}

/** The requests that sent messages to the environment's queue since the stack's start. */
async function sendsOf(stack: SharedStack): Promise<number> {
  const { sqs } = await stack.counters();
  const url = stack.file.environments[ENVIRONMENT]?.queues[SUBSCRIBER] ?? "";
  const queue = url.slice(url.lastIndexOf("/") + 1);
  const { SendMessage: one = 0, SendMessageBatch: several = 0 } = sqs.resources[queue] ?? {};
  return one + several;
}

/** Names of tables: the first is in lane 0, the second in lane 1, and so on. */
function oneTablePerLane(): readonly string[] {
  const byLane = new Map<number, string>();
  for (let number = 1; byLane.size < LANES; number++) {
    const table = `orders_${number}`;
    const lane = laneFor("shop", table, LANES);
    if (!byLane.has(lane)) byLane.set(lane, table);
  }
  return [...byLane].sort(([a], [b]) => a - b).map(([, table]) => table);
}

/** Makes every send in the stand-in take `ms` until it is disposed. */
async function slowSends({ file }: SharedStack, ms: number): Promise<AsyncDisposable> {
  const faults = new URL("/_faults", file.aws.sqsEndpoint);
  const rule = { action: "SendMessage*", effect: { kind: "lasts", ms } };
  const response = await fetch(faults, { method: "POST", body: JSON.stringify(rule) });
  if (!response.ok) throw new Error(`the stand-in did not take the fault: ${response.status}`);
  return {
    [Symbol.asyncDispose]: async () => void (await fetch(faults, { method: "DELETE" })),
  };
}
