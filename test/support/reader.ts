import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { LocalAws } from "@binlog-router/local-aws";
import { READER_ARENAS, READER_NODE_OPTIONS } from "../../infra/stack/settings.ts";
import { decodeFrame } from "../../wire/decode-frame.ts";
import type { Frame } from "../../wire/frame.ts";
import { unpackFrame } from "../../wire/frame-body.ts";
import type { Account } from "./mysql.ts";
import { deployedReader } from "./reader-program.ts";

/** Ends a reader with the process that started it, also when a run of the tests is cut short. */
const TETHER = new URL("../../infra/local/process/tether.ts", import.meta.url).href;

/**
 * For a reader that follows a killed one, and therefore waits until the lease is over. Not for
 * others: a reader that stands still for most of this time, as on a busy machine, loses its lease,
 * and what it had not saved comes again.
 */
export const SHORT_LEASE = { LEASE_SECONDS: "3" };

/**
 * A raw queue, the reader's tables and its secret in the stand-ins, and any number of reader
 * processes that use them.
 */
export class ReaderBench implements AsyncDisposable {
  readonly queueUrl: string;
  /** The source's name. */
  readonly source: string;
  readonly #aws: LocalAws;
  readonly #sqs: SQSClient;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #processes: ReaderProcess[] = [];

  private constructor(
    aws: LocalAws,
    sqs: SQSClient,
    queueUrl: string,
    environment: Record<string, string>,
  ) {
    this.#aws = aws;
    this.#sqs = sqs;
    this.queueUrl = queueUrl;
    this.#environment = environment;
    this.source = environment["SOURCE_NAME"] ?? "";
  }

  /** The environment variables of its readers, except for those of the machine and of AWS. */
  get settings(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  static async create(
    aws: LocalAws,
    mysql: { readonly host: string; readonly port: number } & Account,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<ReaderBench> {
    const name = `bench${++benches}`;
    const clientOptions = { region: aws.region, credentials: aws.credentials };
    const sqs = new SQSClient({
      ...clientOptions,
      endpoint: aws.endpoints.sqs,
      // A poll takes a second or two. Without a limit, one that is not answered would block the
      // test.
      requestHandler: { requestTimeout: 20_000, throwOnRequestTimeout: true },
    });
    const dynamodb = new DynamoDBClient({ ...clientOptions, endpoint: aws.endpoints.dynamodb });
    const secrets = new SecretsManagerClient({
      ...clientOptions,
      endpoint: aws.endpoints.secretsManager,
    });
    const s3 = new S3Client({ ...clientOptions, endpoint: aws.endpoints.s3 });
    const { QueueUrl = "" } = await sqs.send(
      new CreateQueueCommand({
        QueueName: `${name}-raw.fifo`,
        Attributes: {
          FifoQueue: "true",
          DeduplicationScope: "messageGroup",
          FifoThroughputLimit: "perMessageGroupId",
        },
      }),
    );
    for (const [table, key] of [
      ["offsets", "id"],
      ["sessions", "chunk"],
    ] as const) {
      await dynamodb.send(
        new CreateTableCommand({
          TableName: `${name}-${table}`,
          KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
          AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    }
    await s3.send(new CreateBucketCommand({ Bucket: `${name}-payloads` }));
    const { ARN = "" } = await secrets.send(
      new CreateSecretCommand({
        Name: name,
        SecretString: JSON.stringify({ username: mysql.user, password: mysql.password }),
      }),
    );
    for (const client of [dynamodb, secrets, s3]) client.destroy();
    return new ReaderBench(aws, sqs, QueueUrl, {
      SOURCE_NAME: name,
      SOURCE_HOST: mysql.host,
      SOURCE_PORT: String(mysql.port),
      SOURCE_TLS: "encrypt",
      SOURCE_SECRET_ARN: ARN,
      SOURCE_TABLES: '["shop.*"]',
      RAW_QUEUE_URL: QueueUrl,
      OFFSETS_TABLE: `${name}-offsets`,
      SESSIONS_TABLE: `${name}-sessions`,
      PAYLOAD_BUCKET: `${name}-payloads`,
      NODE_OPTIONS: READER_NODE_OPTIONS,
      MALLOC_ARENA_MAX: READER_ARENAS,
      LEASE_SECONDS: "60",
      BLOCKED_SECONDS: "0",
      LOG_LEVEL: "debug",
      ...settings,
    });
  }

  /**
   * Starts a reader and waits until it follows the binlog, or until it logs the message `until`.
   */
  async start(
    until = "following the binlog",
    settings: Readonly<Record<string, string>> = {},
    { main, environment } = deployedReader(),
  ): Promise<ReaderProcess> {
    const reader = new ReaderProcess(
      spawn(process.execPath, ["--enable-source-maps", "--import", TETHER, main], {
        env: {
          PATH: process.env["PATH"] ?? "",
          ...environment,
          ...this.#aws.environment(),
          ...this.#environment,
          ...settings,
        },
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      }),
    );
    this.#processes.push(reader);
    await reader.logged(until);
    return reader;
  }

  /**
   * Receives frames from the raw queue until they contain `changes` row changes. Throws after
   * `timeoutMs`.
   */
  async takeFrames(changes: number, timeoutMs = 240_000): Promise<Frame[]> {
    const frames: Frame[] = [];
    const deadline = performance.now() + timeoutMs;
    let taken = 0;
    while (taken < changes) {
      if (performance.now() > deadline) {
        throw new Error(`${taken} of ${changes} changes came within ${timeoutMs} ms`);
      }
      const received = await this.receive();
      for (const { changes: some } of received)
        taken += some.filter(({ op }) => op !== "ddl").length;
      frames.push(...received);
    }
    return frames;
  }

  /** The last lines of each reader's log, to be shown when a test fails. */
  recentLogs(lines = 12): string {
    return this.#processes
      .map(({ pid, log }) =>
        [`reader ${pid}:`, ...log.slice(-lines).map((line) => JSON.stringify(line))].join("\n"),
      )
      .join("\n");
  }

  /** Makes one long poll; deletes the received frames from the queue and returns them. */
  async receive(waitSeconds = 1): Promise<Frame[]> {
    const texts = await this.receiveTexts(waitSeconds);
    return await Promise.all(texts.map(async (text) => decodeFrame(await unpackFrame(text))));
  }

  async receiveTexts(waitSeconds = 1): Promise<string[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: waitSeconds,
      }),
    );
    if (Messages.length > 0) {
      const Entries = Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle }));
      await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.queueUrl, Entries }));
    }
    return Messages.map(({ Body = "" }) => Body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((reader) => reader.kill()));
    this.#sqs.destroy();
  }
}

let benches = 0;

/** A line of the reader's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** One reader process. */
export class ReaderProcess {
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #rest = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = once(child, "exit").then(() => this.#wake());
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#onText(text));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process has ended, by itself or by a signal. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits for the `count`-th log line with this message; rejects if the process ends before. */
  async logged(message: string, count = 1): Promise<LogLine> {
    for (;;) {
      const found = this.log.filter(({ msg }) => msg === message)[count - 1];
      if (found !== undefined) return found;
      if (this.hasEnded) {
        throw new Error(
          `the reader ended without logging "${message}":\n${JSON.stringify(this.log.slice(-5), null, 1)}${this.#rest}`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends SIGTERM and waits for the end; returns the exit code. */
  async stop(): Promise<number | null> {
    this.signal("SIGTERM");
    await this.#exited;
    return this.#child.exitCode;
  }

  /** Resident memory, bytes (VmRSS of /proc). */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal("SIGKILL");
    await this.#exited;
  }

  /** Waits until the process ends by itself; returns the exit code. */
  async exit(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  #onText(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("{")) this.log.push({ msg: line });
      else this.log.push(JSON.parse(line) as LogLine);
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
