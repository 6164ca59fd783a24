import { CreateQueueCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { subscribe } from "../../../client/index.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { change, message } from "../../support/client/messages.ts";
import { writtenMessage } from "../../support/functions/written-message.ts";

interface ClientLoad {
  readonly groups: number;
  readonly messages: number;
  readonly changesPerMessage: number;
  /** Whether primary keys exceed 2^53, so that they arrive as bigint. */
  readonly bigKeys?: boolean;
  readonly format?: "compact";
}

interface ClientThroughput extends ClientLoad {
  /** From the first receive until the last message has been handled. */
  readonly changesPerSecond: number;
  readonly megabytesPerSecond: number;
  /** Processor time of the client's thread for a change, from the receive to the empty handler. */
  readonly threadMicros: number;
}

/** Fills a queue, and measures how fast a subscription with an empty handler empties it. */
async function measureClient(load: ClientLoad): Promise<ClientThroughput> {
  const worker = new Worker(new URL("local-aws-thread.ts", import.meta.url));
  try {
    const [environment] = (await once(worker, "message")) as [Record<string, string>];
    const sqs = clientOf(environment);
    const bytes = await fill(sqs, load);
    const total = load.messages * load.changesPerMessage;
    const done = Promise.withResolvers<void>();
    let handled = 0;
    const began = performance.now();
    const spentBefore = process.threadCpuUsage();
    await using _ = await subscribe(
      "billing",
      () => {
        if (++handled === total) done.resolve();
      },
      { sqs, source: "shop", environment: "bench", concurrency: load.groups },
    );
    await done.promise;
    const seconds = (performance.now() - began) / 1000;
    const spent = process.threadCpuUsage(spentBefore);
    return {
      ...load,
      changesPerSecond: total / seconds,
      megabytesPerSecond: bytes / seconds / 1e6,
      threadMicros: (spent.user + spent.system) / total,
    };
  } finally {
    await worker.terminate();
  }
}

function clientOf(environment: Record<string, string>): SQSClient {
  return new SQSClient({
    region: environment["AWS_REGION"] ?? "",
    endpoint: environment["AWS_ENDPOINT_URL_SQS"] ?? "",
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  });
}

/** Returns how many bytes were sent. */
async function fill(sqs: SQSClient, load: ClientLoad): Promise<number> {
  const QueueName = environmentQueueName("shop", "billing", "bench");
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({
      QueueName,
      Attributes: {
        FifoQueue: "true",
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
      },
    }),
  );
  let bytes = 0;
  for (let n = 0; n < load.messages; n++) {
    const text = bodyOf(n, load);
    bytes += text.length;
    const entry = {
      Id: "0",
      MessageBody: text,
      MessageGroupId: `group-${n % load.groups}`,
      MessageDeduplicationId: String(n),
    };
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [entry] }));
  }
  return bytes;
}

function bodyOf(n: number, load: ClientLoad): string {
  const { groups, changesPerMessage, bigKeys = false, format = "envelope" } = load;
  const first = n * changesPerMessage;
  const offsets = Array.from({ length: changesPerMessage }, (_, index) => first + index + 1);
  const fields: Partial<EnvironmentMessage> = {
    environment: "bench",
    group: `group-${n % groups}`,
    changes: offsets.map((offset) => {
      const row = { id: offset, customer: `customer ${offset}`, total: "12.50", state: "open" };
      return change(offset, { op: "u", before: row, after: { ...row, state: "paid" } });
    }),
  };
  const text = writtenMessage(message(offsets, fields), format);
  return bigKeys ? text.replace(/"id":(\d+)/g, '"id":9223372036854000000') : text;
}

/** The most processor time of the client's thread for a change in full messages, microseconds. */
const TARGET_MICROS = 3;

/** Full messages take a second or two, because V8 compiles in the first half second. */
const LOADS: readonly ClientLoad[] = [
  { groups: 1, messages: 1500, changesPerMessage: 200 },
  { groups: 50, messages: 1500, changesPerMessage: 200 },
  { groups: 50, messages: 1500, changesPerMessage: 200, bigKeys: true },
  { groups: 50, messages: 1500, changesPerMessage: 200, format: "compact" },
  { groups: 1, messages: 2000, changesPerMessage: 1 },
  { groups: 50, messages: 2000, changesPerMessage: 1 },
];

/** How much the client handles in a second, with one message group and with many. */
export async function benchClient({ quick, report, progress }: BenchmarkRun): Promise<void> {
  for (const full of LOADS) {
    const load = quick ? { ...full, messages: full.messages / 10 } : full;
    const work =
      `${load.groups} ${load.groups === 1 ? "group" : "groups"}, ${load.changesPerMessage} changes a message` +
      (load.bigKeys === true ? ", keys beyond 2^53" : "") +
      (load.format === undefined ? "" : `, format ${load.format}`);
    progress(work);
    const { changesPerSecond, megabytesPerSecond, threadMicros } = await measureClient(load);
    report({ work, name: "client", value: changesPerSecond, unit: "changes/s" });
    report({ work, name: "client", value: megabytesPerSecond, unit: "MB/s" });
    report({
      work,
      name: "client's thread",
      value: threadMicros,
      unit: "µs/change",
      ...(load.changesPerMessage > 1 && { target: { atMost: TARGET_MICROS } }),
    });
  }
}
