import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Connection } from "mysql2/promise";
import { setTimeout as delay } from "node:timers/promises";
import type { LocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { newTable, write } from "./bench-server.ts";
import { leftOut } from "./drains.ts";
import { PeerProcess } from "./peer-process.ts";
import { type Peer, PEERS, type Stretch, shortName } from "./programs.ts";
import { QueueConsumer } from "./queue-consumer.ts";
import { delayFigures, throughputFigures, WORKS } from "./works.ts";

/** Fewer rows than the router gets, because the peers send each in a request of its own. */
const LOADS = [
  { work: WORKS.bulk, rows: 10_000, rowsPerTransaction: 200 },
  { work: WORKS.oneRow, rows: 10_000, rowsPerTransaction: 1 },
];
const DELAY = { warmRows: 2000, rows: 1000, perSecond: 100, connections: 8 };
/** A row that comes twice would come within this time. */
const SURPLUS_MS = 1000;

/**
 * The peers that can send to SQS, from the binlog to an application that receives their messages
 * from a queue of the stand-in. No router runs beside them.
 */
export async function measureQueueSenders(
  run: BenchmarkRun,
  {
    mysql,
    aws,
    connection,
  }: { readonly mysql: MysqlServer; readonly aws: LocalAws; readonly connection: Connection },
): Promise<void> {
  const { quick, signal, report, progress } = run;
  const { region, credentials, endpoints } = aws;
  const sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => sqs.destroy());
  const senders = PEERS.filter(({ queue }) => queue !== undefined);
  let tables = 0;
  let queues = 0;

  for (const { work, rows: all, rowsPerTransaction } of LOADS) {
    const rows = quick ? all / 10 : all;
    const table = `queue_${++tables}`;
    const stretch = { ...(await newTable(connection, table)), rows };
    // One connection, so that the ids are in the order of the commits.
    const load = { tables: [table], rowsPerTransaction, connections: 1, rowsPerSecond: null, rows };
    await write(mysql, load);
    for (const peer of senders) {
      await attempt(peer, work, async () => {
        await using sender = await startSender(peer, stretch);
        await sender.untilReceived(rows);
        await delay(SURPLUS_MS, undefined, { signal });
        const { received } = sender.consumer;
        if (received.rows !== rows) throw new Error(`${received.rows} of ${rows} rows arrived`);
        for (const figure of throughputFigures(work, shortName(peer.name), received))
          report(figure);
      });
    }
  }

  const { warmRows, perSecond, connections } = DELAY;
  const rows = quick ? DELAY.rows / 10 : DELAY.rows;
  for (const peer of senders.flatMap((each) => (each.sooner ? [each, each.sooner] : [each]))) {
    await attempt(peer, WORKS.delay, async () => {
      const table = `queue_${++tables}`;
      const stretch = { ...(await newTable(connection, table)), rows: warmRows + rows };
      const load = { tables: [table], rowsPerTransaction: 1, connections };
      await write(mysql, { ...load, rowsPerSecond: null, rows: warmRows });
      await using sender = await startSender(peer, stretch);
      await sender.untilReceived(warmRows);
      sender.consumer.takeDelays();
      await write(mysql, { ...load, rowsPerSecond: perSecond, rows });
      await sender.untilReceived(warmRows + rows);
      const delays = sender.consumer.takeDelays();
      if (delays.length !== rows) throw new Error(`${delays.length} delays of ${rows} rows`);
      for (const figure of delayFigures(WORKS.delay, shortName(peer.name), delays)) report(figure);
    });
  }

  async function attempt(peer: Peer, work: string, measure: () => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const name = shortName(peer.name);
    progress(`${work}, ${name}`);
    try {
      await measure();
    } catch (error) {
      signal.throwIfAborted();
      progress(leftOut(name, work, error));
    }
  }

  /** A peer that sends to a new queue, and the application that receives from it. */
  async function startSender(peer: Peer, stretch: Stretch) {
    await using started = new AsyncDisposableStack();
    const queueUrl = await createQueue(peer.queue?.isFifo === true);
    const queue = { ...aws.environment(), PEER_QUEUE_URL: queueUrl };
    const peerProcess = started.use(
      await PeerProcess.start(peer, { mysql, stretch, signal, queue }),
    );
    const consumer = started.use(new QueueConsumer(aws, queueUrl));
    const running = started.move();
    return {
      consumer,
      untilReceived: async (expected: number) =>
        await Promise.race([consumer.until(expected), peerProcess.endedEarly()]),
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  }

  /** The peers name no deduplication ids, so that a FIFO queue uses the messages' contents. */
  async function createQueue(isFifo: boolean): Promise<string> {
    const { QueueUrl = "" } = await sqs.send(
      new CreateQueueCommand({
        QueueName: `peer-${++queues}${isFifo ? ".fifo" : ""}`,
        ...(isFifo && {
          Attributes: {
            FifoQueue: "true",
            ContentBasedDeduplication: "true",
            DeduplicationScope: "messageGroup",
            FifoThroughputLimit: "perMessageGroupId",
          },
        }),
      }),
    );
    return QueueUrl;
  }
}
