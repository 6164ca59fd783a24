import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { expect, test, vi } from "vitest";
import { PayloadBucket } from "../../../reader/frames/payload-bucket.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { Log } from "../../../reader/reporting/log.ts";
import { ReaderStatus } from "../../../reader/reporting/status.ts";
import { runReader } from "../../../reader/run-reader.ts";
import { parseReaderSettings } from "../../../reader/settings.ts";
import { secretCredentials } from "../../../reader/source/credentials.ts";
import { LeanSends } from "../../../reader/frames/lean-sends.ts";
import { useLocalAws } from "../../support/local-aws.ts";

// What the metric `LeaseTaken` counts, which rings "Lease flapping".

/** No server listens on this port. */
const NO_SERVER = 1;
/** A lease that even a machine that stands still for a while does not lose. */
const NOT_LOST_MS = 120_000;
/** A standby looks for the lease ten times in this time. */
const TAKES_TURNS_MS = 2_000;

const aws = useLocalAws();

/** A source with its offsets table. No MySQL server is behind it. */
class Source {
  readonly store: OffsetStore;
  readonly #table: string;

  private constructor(table: string) {
    this.#table = table;
    this.store = new OffsetStore(aws.dynamodb, table);
  }

  static async create(table: string): Promise<Source> {
    await aws.dynamodb.send(
      new CreateTableCommand({
        TableName: table,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    return new Source(table);
  }

  /** Starts a reader that waits 20 ms between its attempts after a stop. */
  startReader(signal: AbortSignal, leaseMs: number): Run {
    const { dynamodb, sqs } = aws;
    const settings = parseReaderSettings({
      SOURCE_NAME: "shop",
      SOURCE_HOST: "127.0.0.1",
      SOURCE_PORT: String(NO_SERVER),
      SOURCE_SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:x",
      SOURCE_TABLES: '["shop.*"]',
      RAW_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/000000000000/shop-raw.fifo",
      OFFSETS_TABLE: this.#table,
      SESSIONS_TABLE: "sessions",
      PAYLOAD_BUCKET: "payloads",
    });
    const status = new ReaderStatus();
    const run: { status: ReaderStatus; stops: number; ended: Promise<void> } = {
      status,
      stops: 0,
      ended: Promise.resolve(),
    };
    const log: Log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => void run.stops++,
    };
    run.ended = runReader(
      {
        settings: { ...settings, blockedMs: 20, leaseMs },
        credentials: secretCredentials(() =>
          Promise.resolve('{"username":"reader","password":"x"}'),
        ),
        sends: new LeanSends(sqs, settings.rawQueueUrl),
        payloads: new PayloadBucket("payloads", {}),
        dynamodb,
        store: this.store,
        status,
        log,
      },
      signal,
    );
    return run;
  }
}

interface Run {
  readonly status: ReaderStatus;
  /** How often it found that a person must act. */
  readonly stops: number;
  readonly ended: Promise<void>;
}

test("a reader that takes the lease is counted once, however often it connects", async () => {
  const source = await Source.create("unreachable");
  const stop = new AbortController();
  const { status, ended } = source.startReader(stop.signal, NOT_LOST_MS);
  await vi.waitFor(() => expect(status.counters.reconnects).toBeGreaterThan(1), 120_000);
  stop.abort();
  await ended;
  expect(status.counters.leasesTaken).toBe(1);
});

test("attempts of two readers that wait for a person in turns are not counted", async () => {
  const source = await Source.create("stopped");
  const lease = await source.store.take(null, "the previous reader");
  if (lease === undefined) expect.unreachable();
  await source.store.stop(lease.fence, {
    error: "BinlogPurgedError",
    message: "the log was purged",
    sinceMs: Date.now(),
    isKept: true,
  });
  await source.store.release(lease.fence);
  const stop = new AbortController();
  const readers = [0, 1].map(() => source.startReader(stop.signal, TAKES_TURNS_MS));
  await vi.waitFor(() => {
    for (const { stops } of readers) expect(stops).toBeGreaterThan(4);
  }, 120_000);
  stop.abort();
  await Promise.all(readers.map(({ ended }) => ended));
  expect(readers.map(({ status }) => status.counters.leasesTaken)).toEqual([0, 0]);
});
