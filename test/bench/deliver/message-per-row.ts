import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Worker } from "node:worker_threads";
import { environmentQueueName } from "../../../wire/names.ts";
import { handledPerSecond } from "../backlog.ts";
import { BenchConsumer } from "../consumer.ts";
import type { SharedStack } from "../shared-stack.ts";

/** A position in the binlog, and the number of rows of `shop.orders` after it. */
export interface BinlogStretch {
  readonly file: string;
  readonly offset: number;
  readonly rows: number;
}

export interface MessagePerRowData {
  readonly stretch: BinlogStretch;
  readonly mysql: SharedStack["file"]["mysql"];
  readonly aws: SharedStack["file"]["aws"];
  readonly subscriber: string;
  readonly queueUrl: string;
  /** How many message groups the rows are divided into; each has one send under way at a time. */
  readonly groups: number;
}

const ENVIRONMENT = "production";

/**
 * Does what the usual binlog-to-queue tools do: sends each row as its own message, in the order of
 * its group. Returns changes per second from the first to the last that the client has handled.
 */
export async function messagePerRow(
  { file }: Pick<SharedStack, "file">,
  stretch: BinlogStretch,
  groups: number,
): Promise<number> {
  const { region, accessKeyId, secretAccessKey, sqsEndpoint } = file.aws;
  const sqs = new SQSClient({
    region,
    endpoint: sqsEndpoint,
    credentials: { accessKeyId, secretAccessKey },
  });
  await using used = new AsyncDisposableStack();
  used.defer(() => sqs.destroy());
  // A new name, because SQS refuses the name of a deleted queue for a minute.
  const subscriber = `rows-from-${stretch.offset}-${groups}`;
  const { QueueUrl: queueUrl = "" } = await sqs.send(
    new CreateQueueCommand({
      QueueName: environmentQueueName("shop", subscriber, ENVIRONMENT),
      Attributes: {
        FifoQueue: "true",
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
      },
    }),
  );
  used.defer(async () => void (await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }))));
  const consumer = used.use(
    new BenchConsumer(file, {
      subscriber,
      environment: ENVIRONMENT,
      concurrency: groups,
    }),
  );
  const workerData: MessagePerRowData = {
    stretch,
    mysql: file.mysql,
    aws: file.aws,
    subscriber,
    queueUrl,
    groups,
  };
  const worker = new Worker(new URL("message-per-row-thread.ts", import.meta.url), { workerData });
  used.defer(async () => void (await worker.terminate()));
  const failed = new Promise<never>((_, reject) => worker.once("error", reject));
  return await Promise.race([handledPerSecond(consumer, stretch.rows), failed]);
}
