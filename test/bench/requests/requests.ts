import { createConnection } from "mysql2/promise";
import { setTimeout as delay } from "node:timers/promises";
import { writeBacklog } from "../backlog.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { BenchConsumer } from "../consumer.ts";
import { BenchWriter, createOrders, type WriterOptions } from "../writers.ts";
import { between, countRequests, type QueueRequests, type Requests } from "./request-counts.ts";

const ENVIRONMENT = "production";
const SUBSCRIBER = "billing";
const ORDERS = "orders";
/** The time of two long polls, so that only whole ones are counted. */
const IDLE_MS = 40_000;
const QUICK_IDLE_MS = 2_000;
/** Within this time after the last change, the reader saves the offset once more. */
const OFFSET_SAVED_MS = 2_000;

/** Some work, and the requests during it. */
interface Counted extends Requests {
  readonly changes: number;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * How many requests SQS, DynamoDB and MySQL get: under full load (a backlog), at 100 transactions a
 * second, and while nothing is written. Other benchmarks share the stack. One environment's queue
 * has a consumer, the others have none.
 */
export async function benchRequests(run: BenchmarkRun): Promise<void> {
  const { quick, signal, progress, report } = run;
  const stack = await run.stack();
  await createOrders(stack.pool(ENVIRONMENT, 1), ORDERS);
  await using administrator = await createConnection(stack.file.mysql);
  const queueUrl = stack.file.environments[ENVIRONMENT]?.queues[SUBSCRIBER] ?? "";
  const count = (): Promise<Requests> => countRequests(stack, queueUrl, administrator);
  const writes = { environment: ENVIRONMENT, tables: [ORDERS] };

  /** Counts until everything that `write` wrote is handled and deleted. */
  async function during(
    load: WriterOptions,
    write: (load: WriterOptions) => Promise<{ readonly rows: number }>,
  ): Promise<Counted> {
    const before = await count();
    const beganMs = performance.now();
    let changes = 0;
    {
      await using consumer = new BenchConsumer(stack.file, {
        subscriber: SUBSCRIBER,
        environment: ENVIRONMENT,
        concurrency: 8,
      });
      changes = (await write(load)).rows;
      await consumer.until(changes);
    }
    const seconds = (performance.now() - beganMs) / 1000;
    return {
      ...between(before, await count()),
      changes,
      connections: load.connections,
      seconds,
    };
  }

  progress("full load");
  reportLoad(
    run,
    "full load, transactions of 200 rows",
    await during(
      {
        ...writes,
        connections: 4,
        rowsPerTransaction: 200,
        rowsPerSecond: null,
        rows: quick ? 20_000 : 200_000,
      },
      (load) => writeBacklog(stack, load),
    ),
    3,
  );
  signal.throwIfAborted();
  progress("100 transactions/s");
  reportLoad(
    run,
    "100 transactions/s of one row",
    await during(
      {
        ...writes,
        connections: 8,
        rowsPerTransaction: 1,
        rowsPerSecond: 100,
        rows: quick ? 200 : 1000,
      },
      async (load) => {
        await using writer = await BenchWriter.start(stack.file, load);
        return await writer.ended;
      },
    ),
  );

  progress("idle");
  await using _ = new BenchConsumer(stack.file, {
    subscriber: SUBSCRIBER,
    environment: ENVIRONMENT,
    concurrency: 8,
  });
  await delay(OFFSET_SAVED_MS, undefined, { signal });
  const before = await count();
  const idleMs = quick ? QUICK_IDLE_MS : IDLE_MS;
  await delay(idleMs, undefined, { signal });
  const idle = between(before, await count());
  const minute = 60_000 / idleMs;
  const figures: readonly (readonly [string, number])[] = [
    ["raw queue", all(idle.raw)],
    ["an environment's queue", all(idle.environment)],
    ["DynamoDB reads", idle.dynamodb.reads],
    ["DynamoDB writes", idle.dynamodb.writes],
    ["MySQL statements", idle.mysql],
  ];
  for (const [name, requests] of figures)
    report({ work: "idle", name, value: requests * minute, unit: "a minute" });
}

/** `queueTarget`: the most sends and deletes of a queue per 1,000 changes. */
function reportLoad(
  { report }: BenchmarkRun,
  work: string,
  counted: Counted,
  queueTarget?: number,
): void {
  const { raw, environment, dynamodb, mysql, changes, connections, seconds } = counted;
  const perThousand = (name: string, requests: number, atMost?: number): void =>
    report({
      work,
      name,
      value: (1000 * requests) / changes,
      unit: "per 1,000 changes",
      ...(atMost !== undefined && { target: { atMost } }),
    });
  perThousand("raw queue, sends and deletes", raw.sends + raw.deletes, queueTarget);
  perThousand("raw queue, receives", raw.receives);
  const { sends, deletes, receives } = environment;
  perThousand("an environment's queue, sends and deletes", sends + deletes, queueTarget);
  perThousand("an environment's queue, receives", receives);
  perThousand("DynamoDB reads", dynamodb.reads);
  perThousand("DynamoDB writes", dynamodb.writes);
  // Allowed: a lane's position for each frame, offset and lease once a second each, and each
  // connection's registration. A change itself must not cause a write.
  const allowed = raw.sends + 2 * seconds + connections;
  report({
    work,
    name: "DynamoDB writes",
    value: dynamodb.writes,
    unit: "in all",
    beside: { name: "frames + 2 × seconds + connections", value: allowed },
    target: { atMost: 1 },
  });
  perThousand("MySQL statements", mysql);
}

function all({ sends, receives, deletes }: QueueRequests): number {
  return sends + receives + deletes;
}
