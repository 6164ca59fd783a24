import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Command } from "commander";
import { createPool } from "mysql2/promise";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { RequestCounts } from "@binlog-router/local-aws";
import { readStackFile } from "../../../operator/shared/stack-file.ts";
import { readCounters } from "./local-counters.ts";
import type { MeasuredPoint } from "./measurement.ts";

/**
 * Counts the requests for a steady rate of changes, on a stack of `npm start -- --no-demo`, and
 * prints one point of docs/capacity-measured.json. Eight connections write transactions to
 * `shop.orders`, of one row unless `--rows` is given. The subscriber's queue is read as the client
 * does: up to ten messages in one receive, deleted together.
 */
const options = new Command("measure")
  .requiredOption("--rate <changes>", "changes a second", Number)
  .option("--seconds <seconds>", "for how long", Number, 30)
  .option("--rows <number>", "rows in one transaction", Number, 1)
  .option("--state <directory>", "where stack.json is", ".local")
  .option("--environment <name>", "who writes", "staging")
  .option("--subscriber <name>", "who reads", "billing")
  .parse()
  .opts<{
    rate: number;
    seconds: number;
    rows: number;
    state: string;
    environment: string;
    subscriber: string;
  }>();

const QUIET_MS = 25_000;
const WRITERS = 8;
const TICK_MS = 2;

const stack = await readStackFile(join(options.state, "stack.json"));
const environment = stack.environments[options.environment];
const [account] = environment?.users ?? [];
const queueUrl = environment?.queues[options.subscriber];
if (account === undefined || queueUrl === undefined) {
  throw new RangeError(`no account or no queue of ${options.subscriber} in ${options.environment}`);
}
const { region, accessKeyId, secretAccessKey, sqsEndpoint } = stack.aws;
const credentials = { accessKeyId, secretAccessKey };
const sqs = new SQSClient({ region, credentials, endpoint: sqsEndpoint });
const { host, port } = stack.mysql;
await using mysql = createPool({ host, port, ...account, database: "shop" });
await mysql.query(
  "CREATE TABLE IF NOT EXISTS orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60), " +
    "state ENUM('new','paid','sent'), amount DECIMAL(12,2), note TEXT, placed DATETIME(3), items INT)",
);
await pause(QUIET_MS);

const before = await readCounters(stack, options.state);
const enough = new AbortController();
const consumption = consume(queueUrl, enough.signal);
const shares = Array.from({ length: WRITERS }, (_, writer) =>
  write(options.rate / WRITERS, options.seconds, writer / WRITERS),
);
const changes = (await Promise.all(shares)).reduce((sum, written) => sum + written, 0);
// Wait for the reader's next report, which contains the bytes, and for the last messages.
await pause(QUIET_MS);
enough.abort();
const received = await consumption;
if (received.changes !== changes) {
  throw new RangeError(
    `${received.changes} of ${changes} changes arrived in time: measure a rate that this machine keeps up with`,
  );
}
const after = await readCounters(stack, options.state);

const difference = (of: (counts: typeof before) => number): number => of(after) - of(before);
const queueCalls = (name: string, bodies: number): MeasuredPoint["raw"] => ({
  sends: difference(({ sqs: counts }) => calls(counts, /^SendMessage/, name)),
  receives: difference(({ sqs: counts }) => calls(counts, /^ReceiveMessage/, name)),
  deletes: difference(({ sqs: counts }) => calls(counts, /^DeleteMessage/, name)),
  bytes: bodies,
});
const queueName = queueUrl.slice(queueUrl.lastIndexOf("/") + 1);
const rawName = queueName.replace(/-[^-]+-[^-]+\.fifo$/, "-raw.fifo");
const raw = queueCalls(
  rawName,
  difference(({ frameBytes }) => frameBytes),
);
const point: MeasuredPoint = {
  // The rate reached; a slow machine reaches less than `--rate`.
  changesPerSecond: Math.round(changes / options.seconds),
  changes,
  raw,
  environments: queueCalls(queueName, received.bytes),
  dynamodb: {
    reads: difference(({ dynamodb }) => calls(dynamodb, /^(Get|BatchGet|Query)/)),
    writes: difference(({ dynamodb }) => calls(dynamodb, /^(Put|Update|Delete)/)),
  },
  route: { invocations: raw.deletes, milliseconds: difference(({ routeMs }) => routeMs) },
};
process.stdout.write(`${JSON.stringify(point, null, 2)}\n`);

/**
 * Inserts rows at a rate, in transactions of `options.rows`; returns their number. `phase`, from 0
 * to 1, delays the start by this share of the interval between two rows, so that the writers do not
 * write in bursts.
 */
async function write(rate: number, seconds: number, phase: number): Promise<number> {
  await pause(phase * Math.max(TICK_MS, 1000 / rate));
  const start = performance.now();
  let written = 0;
  while (performance.now() - start < seconds * 1000) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate);
    for (; written + options.rows <= due; written += options.rows) {
      const rows = Array.from({ length: options.rows }, (_, n) => order(written + n));
      await mysql.query("INSERT INTO orders (customer, amount, note, placed, items) VALUES ?", [
        rows,
      ]);
    }
    await pause(TICK_MS);
  }
  return written;
}

function order(n: number): unknown[] {
  return [`customer ${n % 997}`, (n % 10_000) / 100, "x".repeat(80), new Date(), n % 12];
}

/**
 * Receives and deletes until the signal; returns the numbers of changes and of bytes of all bodies.
 */
async function consume(url: string, signal: AbortSignal): Promise<Received> {
  const total = { changes: 0, bytes: 0 };
  while (!signal.aborted) {
    const { Messages = [] } = await sqs
      .send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 20,
        }),
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        if (signal.aborted) return { Messages: [] };
        throw error;
      });
    if (Messages.length === 0) continue;
    for (const { Body = "" } of Messages) {
      total.bytes += Buffer.byteLength(Body);
      // The definition of the table arrives in this queue, too.
      const { changes: rows } = JSON.parse(Body) as { changes: { op: string }[] };
      total.changes += rows.filter(({ op }) => op === "c").length;
    }
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
  return total;
}

interface Received {
  readonly changes: number;
  readonly bytes: number;
}

/** The number of requests with matching actions, on one queue or on all. */
function calls({ actions, resources }: RequestCounts, action: RegExp, queue?: string): number {
  const counts = queue === undefined ? actions : (resources[queue] ?? {});
  return Object.entries(counts)
    .filter(([name]) => action.test(name))
    .reduce((sum, [, count]) => sum + count, 0);
}
