import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { type Connection, createConnection } from "mysql2/promise";
import { expect, vi } from "vitest";
import type { Facts, ParkedStream } from "../../infra/local/console/facts/facts.ts";
import type { SnapshotView } from "../../operator/commands/snapshot/describe.ts";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import { localTarget, type Target } from "../../operator/shared/target.ts";
import {
  environmentDeadLetterQueueName,
  environmentQueueName,
  rawQueueName,
} from "../../wire/names.ts";
import { WrittenBytes } from "./functions/written-bytes.ts";
import { binlogRouter, type Ended, operatorProgram } from "./operator.ts";
import { startProcess, type StartProcess } from "./start/local-stack.ts";

export const PATIENCE = { timeout: 120_000, interval: 100 };
const SOURCE = "shop";
const ENVIRONMENTS = ["staging", "production"];

interface MaskedRunOptions {
  /** A configuration with the name `shop`. */
  readonly config: object;
  /** The subscribers whose columns are hidden. */
  readonly masked: readonly string[];
}

/** `npm start` with subscribers whose columns are hidden, and all that it stores and prints. */
export class MaskedRun implements AsyncDisposable {
  readonly stack: StackFile;
  /** What commands and the page have printed. */
  readonly printed = new WrittenBytes();
  readonly directory: string;
  readonly #masked: readonly string[];
  readonly #start: StartProcess;
  readonly #owned: AsyncDisposable;

  private constructor(
    stack: StackFile,
    start: StartProcess,
    directory: string,
    masked: readonly string[],
    owned: AsyncDisposable,
  ) {
    this.stack = stack;
    this.#start = start;
    this.directory = directory;
    this.#masked = masked;
    this.#owned = owned;
  }

  static async start({ config, masked }: MaskedRunOptions): Promise<MaskedRun> {
    await using owned = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), "masked-"));
    owned.defer(() => rm(directory, { recursive: true }));
    const file = join(directory, "config.json");
    await writeFile(file, JSON.stringify(config));
    // With --keep, every message of every queue is stored in a file.
    const start = owned.use(startProcess(["--no-demo", "--keep", "--config", file]));
    return new MaskedRun(await start.ready(), start, directory, masked, owned.move());
  }

  /** Ends the stack, and adds what it printed. */
  async end(): Promise<void> {
    this.#start.kill("SIGTERM");
    const { output, errors } = await this.#start.ended;
    this.printed.add(output);
    this.printed.add(errors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }

  get #file(): string {
    return join(this.#start.stateDirectory, "stack.json");
  }

  target(): Promise<Target & Disposable> {
    return localTarget(this.#file);
  }

  /** Connects as the first user of an environment. */
  as(environment: string): Promise<Connection> {
    const [account] = this.stack.environments[environment]?.users ?? [];
    const { host, port } = this.stack.mysql;
    return createConnection({ host, port, database: "shop", charset: "utf8mb4", ...account });
  }

  /** Runs a command that must succeed. Returns its output. */
  async run(line: string): Promise<string> {
    const { code, out, problem } = await this.ended(line);
    expect({ code, problem }, line).toMatchObject({ code: 0 });
    return out;
  }

  /** Runs a command that may fail. */
  async ended(line: string): Promise<Ended> {
    const ended = await binlogRouter([...line.split(" "), "--local", this.#file]);
    this.printed.add(ended.out);
    this.printed.add(ended.problem);
    return ended;
  }

  /** Runs `tail` until its output matches `wanted`, then stops it. Returns its output. */
  async tail(line: string, wanted: RegExp): Promise<string> {
    const { main, environment } = operatorProgram();
    const child = spawn(
      process.execPath,
      [main, "tail", ...line.split(" "), "--local", this.#file],
      { env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => (out += data.toString()));
    await vi.waitUntil(() => wanted.test(out), PATIENCE);
    child.kill("SIGINT");
    expect(await once(child, "close"), line).toEqual([0, null]);
    this.printed.add(out);
    return out;
  }

  /** Sends the rows of tables to a subscriber in staging, until all are sent. */
  async snapshot(subscriber: string, tables: string): Promise<void> {
    const chosen = `--subscriber ${subscriber} --environment staging --tables ${tables}`;
    const { id } = JSON.parse(await this.run(`snapshot start ${chosen} --json`)) as SnapshotView;
    const shown = await this.run(`snapshot show ${id} --watch --json`);
    expect(JSON.parse(shown)).toMatchObject({ state: "complete" });
  }

  /** The streams of masked subscribers that have failure records, as the page shows them. */
  async parked(environment: string): Promise<readonly ParkedStream[]> {
    const overview = (await this.#page("overview", {})) as { readonly facts: Facts };
    const { failures } = overview.facts;
    if ("error" in failures) throw new Error(failures.error);
    const queues = this.#masked.map((name) => environmentQueueName(SOURCE, name, environment));
    return failures.streams.filter(({ queue }) => queue !== null && queues.includes(queue));
  }

  /** Makes sends to the masked subscribers' queues in staging fail until disposed of. */
  async brokenQueues(): Promise<AsyncDisposable & { readonly rules: number }> {
    const faults = new URL("/_faults", this.stack.aws.sqsEndpoint);
    for (const subscriber of this.#masked) {
      const effect = { kind: "error", code: "AccessDenied", status: 403 };
      const resource = environmentQueueName(SOURCE, subscriber, "staging");
      const rule = { action: "SendMessage*", resource, effect };
      const { status } = await fetch(faults, { method: "POST", body: JSON.stringify(rule) });
      expect(status).toBe(201);
    }
    const { length: rules } = (await (await fetch(faults)).json()) as readonly unknown[];
    return {
      rules,
      [Symbol.asyncDispose]: async () => void (await fetch(faults, { method: "DELETE" })),
    };
  }

  /** Receives a queue's first message until it becomes a dead letter. */
  async deadLetter(subscriber: string, environment: string): Promise<void> {
    const QueueUrl = this.stack.environments[environment]?.queues[subscriber];
    const dead = environmentDeadLetterQueueName(SOURCE, subscriber, environment);
    using target = await this.target();
    await vi.waitFor(async () => {
      await target.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 }));
      expect(await this.#page("messages", { queue: dead })).not.toEqual([]);
    }, PATIENCE);
  }

  /**
   * Everything that the page shows of the masked subscribers' queues and of these failure records.
   * Returns how many messages these are.
   */
  async readPage(streams: Iterable<string>): Promise<number> {
    let count = 0;
    for (const view of ["overview", "changes"]) await this.#page(view, {});
    for (const stream of streams) await this.#page("record", { stream });
    for (const subscriber of this.#masked)
      for (const environment of ENVIRONMENTS)
        for (const name of [environmentQueueName, environmentDeadLetterQueueName]) {
          const queue = name(SOURCE, subscriber, environment);
          const messages = await this.#page("messages", { queue });
          for (const { id } of messages as readonly { readonly id: string }[]) {
            await this.#page("body", { queue, id });
            count++;
          }
        }
    return count;
  }

  async #page(view: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const url = new URL(`/api/${view}`, this.stack.page);
    url.search = new URLSearchParams(query).toString();
    const response = await fetch(url);
    expect(response.status, url.href).toBe(200);
    const text = await response.text();
    this.printed.add(text);
    return JSON.parse(text);
  }

  /**
   * Everything that the stack has stored for the subscribers, except what serves all of them.
   * `open`: the messages of the other subscribers.
   */
  async stored(): Promise<{ readonly masked: WrittenBytes; readonly open: WrittenBytes }> {
    const masked = new WrittenBytes();
    const open = new WrittenBytes();
    const aws = join(this.#start.stateDirectory, "kept", "aws");
    const lines = (await readFile(join(aws, "messages.jsonl"), "utf8")).split("\n").filter(Boolean);
    for (const line of lines) {
      const [, queue] = JSON.parse(line) as readonly [string, string];
      if (this.#masked.some((subscriber) => queue.startsWith(`${SOURCE}-${subscriber}-`)))
        masked.add(line);
      else if (queue !== rawQueueName(SOURCE)) open.add(line);
    }
    for (const name of await readdir(join(aws, "objects"))) {
      const bytes = await readFile(join(aws, "objects", name));
      const end = bytes.indexOf("\n");
      const { key } = JSON.parse(bytes.subarray(0, end).toString()) as { readonly key: string };
      if (!key.startsWith("frames/")) masked.take(bytes.subarray(end + 1));
    }
    using target = await this.target();
    const pages = paginateScan({ client: target.dynamodb }, { TableName: target.failuresTable });
    for await (const { Items: items = [] } of pages)
      for (const item of items) if (item["stream"]?.S?.startsWith("queue/")) masked.take(item);
    for (const name of await readdir(join(this.#start.stateDirectory, "log")))
      masked.add(await readFile(join(this.#start.stateDirectory, "log", name)));
    return { masked, open };
  }
}
