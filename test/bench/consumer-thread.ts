import { parentPort, workerData } from "node:worker_threads";
import { SQSClient } from "@aws-sdk/client-sqs";
import { subscribe } from "../../client/index.ts";
import type { ConsumerData, HandledSince } from "./consumer.ts";

const REPORT_EVERY_MS = 20;

const { aws, subscriber, environment, concurrency } = workerData as ConsumerData;
const port = parentPort;
if (port === null) throw new Error("started as a worker");
const { region, accessKeyId, secretAccessKey, sqsEndpoint } = aws;
const sqs = new SQSClient({
  region,
  endpoint: sqsEndpoint,
  credentials: { accessKeyId, secretAccessKey },
});

/** Of a change in the binlog. */
interface Place {
  readonly file: string;
  readonly pos: number;
  readonly row: number;
}

let changes = 0;
let disordered = 0;
let latest: Place = { file: "", pos: 0, row: 0 };
let delaysMs: number[] = [];

const subscription = await subscribe(
  subscriber,
  ({ op, after, source }) => {
    // The definition of a table arrives in this queue, too.
    if (op === "ddl") return;
    changes++;
    if (isBefore(source, latest)) disordered++;
    else latest = source;
    const written = after?.["written_us"];
    if (typeof written === "number") delaysMs.push(nowMs() - written / 1000);
  },
  { sqs, source: "shop", environment, concurrency },
);

let reported = -1;
const reports = setInterval(report, REPORT_EVERY_MS);

function report(): void {
  if (changes === reported) return;
  reported = changes;
  const since: HandledSince = { changes, disordered, delaysMs };
  port?.postMessage(since);
  delaysMs = [];
}

// A message that was handled is deleted before the end, so that the queue's next reader does not
// get it again.
port.once("message", () => void stop());

async function stop(): Promise<void> {
  await subscription.stop();
  clearInterval(reports);
  report();
  sqs.destroy();
  port?.close();
}

function isBefore(one: Place, other: Place): boolean {
  if (one.file !== other.file) return one.file < other.file;
  return one.pos === other.pos ? one.row < other.row : one.pos < other.pos;
}

/** The clock of `written_us`, with microseconds. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
