import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import ZongJi, { type RowData } from "@vlasky/zongji";
import { workerData } from "node:worker_threads";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { formatPosition } from "../../../wire/position.ts";
import type { MessagePerRowData } from "./message-per-row.ts";

/** How many rows may wait to be sent before reading pauses. */
const WAITING = 1000;

const { stretch, mysql, aws, subscriber, queueUrl, groups } = workerData as MessagePerRowData;
const { region, accessKeyId, secretAccessKey, sqsEndpoint } = aws;
const sqs = new SQSClient({
  region,
  endpoint: sqsEndpoint,
  credentials: { accessKeyId, secretAccessKey },
});
const { host, port, user, password } = mysql;
const zongji = new ZongJi({ host, port, user, password });

/** The last send of each group; the group's next send follows it. */
const tails = Array.from({ length: groups }, () => Promise.resolve());
let taken = 0;
let waiting = 0;

zongji.on("binlog", (event) => {
  if (event.getTypeName() !== "WriteRows" || !("rows" in event)) return;
  for (const row of event.rows as RowData[]) if (taken < stretch.rows) take(row, event.timestamp);
});
zongji.on("error", (error: unknown) => {
  throw error;
});
zongji.start({
  filename: stretch.file,
  position: stretch.offset,
  serverId: 4712,
  includeEvents: ["tablemap", "writerows"],
  includeSchema: { shop: ["orders"] },
});

function take(row: RowData, committedMs: number): void {
  const number = taken++;
  const group = number % groups;
  waiting++;
  if (waiting === WAITING) zongji.connection?.pause();
  const sent = (tails[group] ?? Promise.resolve()).then(() =>
    send(group, envelope(row, number, `group-${group}`, committedMs)),
  );
  tails[group] = sent.then(() => {
    waiting--;
    if (waiting === WAITING / 2) zongji.connection?.resume();
  });
}

async function send(group: number, message: EnvironmentMessage): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageGroupId: `group-${group}`,
      MessageDeduplicationId: message.first,
      MessageBody: JSON.stringify(message),
    }),
  );
}

/**
 * A message with the row in the router's format, so that the same application handles both sides.
 */
function envelope(
  row: RowData,
  number: number,
  group: string,
  committedMs: number,
): EnvironmentMessage {
  const { file } = stretch;
  // Row numbers keep the positions in order, which is all that the client needs.
  const place = { file: binlogFileNumber(file), offset: 0, row: number };
  const position = formatPosition({ epoch: 1, ...place });
  return {
    version: 1,
    source: "shop",
    subscriber,
    environment: "production",
    group,
    first: position,
    last: position,
    changes: [
      {
        id: position,
        op: "c",
        before: null,
        after: row,
        key: { id: row["id"] },
        user: "",
        host: "",
        attribution: "ledger",
        source: {
          db: "shop",
          table: "orders",
          file,
          pos: place.offset,
          row: place.row,
          gtid: null,
          thread: 0,
          server_id: 1,
          ts_ms: committedMs,
        },
      },
    ],
  };
}
