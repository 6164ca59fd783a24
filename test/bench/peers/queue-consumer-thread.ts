import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { parentPort, workerData } from "node:worker_threads";
import type { QueueConsumerData, ReceivedSince } from "./queue-consumer.ts";

const REPORT_EVERY_MS = 20;

const port = parentPort;
if (port === null) throw new Error("started as a worker");
const { queueUrl: QueueUrl, ...clientOptions } = workerData as QueueConsumerData;
const sqs = new SQSClient(clientOptions);

let rows = 0;
let disordered = 0;
let greatest = 0;
let firstRows = 0;
let firstMs = 0;
let lastMs = 0;
let delaysMs: number[] = [];
let reported = 0;

setInterval(report, REPORT_EVERY_MS);

// One request after the other, so that the rows are handled in the order of the queue.
for (;;) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
  );
  if (Messages.length === 0) continue;
  for (const message of Messages) handle(message);
  lastMs = nowMs();
  if (firstMs === 0) [firstMs, firstRows] = [lastMs, rows];
  const Entries = Messages.map(({ ReceiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle,
  }));
  // A failure ends the thread.
  void sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}

/** Debezium's message has the row in `after`, Maxwell's in `data`. */
function handle({ Body = "" }: Message): void {
  const message = JSON.parse(Body) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const row = message["after"] ?? message["data"];
  const id = Number(row?.["id"]);
  if (!Number.isSafeInteger(id)) throw new Error("a message without a row");
  rows++;
  if (id < greatest) disordered++;
  greatest = Math.max(greatest, id);
  delaysMs.push(nowMs() - Number(row?.["written_us"]) / 1000);
}

function report(): void {
  if (rows === reported) return;
  reported = rows;
  const rowsPerSecond = ((rows - firstRows) / (lastMs - firstMs)) * 1000;
  const received: ReceivedSince = { rows, disordered, rowsPerSecond, delaysMs };
  port?.postMessage(received);
  delaysMs = [];
}

/** The clock of `written_us`, with microseconds. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
