import { setTimeout as delay } from "node:timers/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import { type Connection, createConnection } from "mysql2/promise";
import { processorMs } from "../capacity/local-counters.ts";
import type { SharedStack } from "../shared-stack.ts";
import { createTable, type Load, writeAll, writePaced } from "./load.ts";
import { emptyQueues, untilMark } from "./received.ts";
import { MARKER, MARKER_TABLE, OTHER_ENVIRONMENT } from "./topology.ts";

/** The cost of a load. */
export interface Cost {
  /** Processor time of reader and route function together, per change. */
  readonly microseconds: number;
  /** From the first change read to the last one delivered. */
  readonly changesPerSecond: number;
}

/** How long to wait for a marker before it counts as a failure. */
const SILENCE_MS = 120_000;
/** The time between two looks for messages that the retry function sends. */
const LATE_EVERY_MS = 500;

/**
 * Settings with which the server is as fast with thousands of tables as with ten. With a smaller
 * cache of definitions, a server gives a table a new number whenever it opens it again.
 */
const ROOM_FOR_TABLES = {
  innodb_buffer_pool_size: 512 * 1024 * 1024,
  innodb_redo_log_capacity: 1024 * 1024 * 1024,
  // No file for each table: that would take most of the time of creating tables.
  innodb_file_per_table: 0,
  table_open_cache: 4000,
  table_definition_cache: 4000,
};

/** A stack whose cost is measured. Disposing closes the rig's connections, but not the stack. */
export class GrowthRig implements AsyncDisposable {
  readonly administrator: Connection;
  readonly #stack: SharedStack;
  readonly #sqs: SQSClient;
  readonly #opened = new AsyncDisposableStack();
  #marks = 0;

  private constructor(stack: SharedStack, administrator: Connection) {
    const { region, accessKeyId, secretAccessKey, sqsEndpoint } = stack.file.aws;
    this.#stack = stack;
    this.#sqs = new SQSClient({
      region,
      endpoint: sqsEndpoint,
      credentials: { accessKeyId, secretAccessKey },
    });
    this.#opened.defer(() => this.#sqs.destroy());
    this.administrator = administrator;
    this.#opened.defer(() => administrator.end());
  }

  static async open(stack: SharedStack): Promise<GrowthRig> {
    const administrator = await connect(stack, stack.file.mysql);
    const rig = new GrowthRig(stack, administrator);
    for (const [name, value] of Object.entries(ROOM_FOR_TABLES)) {
      await administrator.query("SET GLOBAL ?? = ?", [name, value]);
    }
    await administrator.query(`CREATE TABLE ${MARKER_TABLE} (mark VARCHAR(20) PRIMARY KEY)`);
    return rig;
  }

  /** Opens a connection of an environment's user that stays open. */
  async connect(environment: string): Promise<Connection> {
    const [account] = this.#stack.file.environments[environment]?.users ?? [];
    if (account === undefined) throw new RangeError(`no account in ${environment}`);
    const connection = await connect(this.#stack, account);
    this.#opened.defer(() => connection.destroy());
    return connection;
  }

  async createTables(names: readonly string[]): Promise<void> {
    for (const name of names) await createTable(this.administrator, name);
  }

  /** Lets MySQL accept this many connections besides those of the stack. */
  async allowConnections(connections: number): Promise<void> {
    await this.administrator.query("SET GLOBAL max_connections = ?", [connections + 200]);
  }

  /**
   * The cost of a backlog of one-row transactions. The reader is suspended until all are written,
   * so that its frames are full whatever the speed of the writers.
   */
  async backlog(load: Load, transactions: number): Promise<Cost> {
    await this.#untilDelivered();
    const { reader } = this.#pids();
    process.kill(reader, "SIGSTOP");
    try {
      await writeAll(load, transactions);
      return await this.#cost(transactions, async () => {
        process.kill(reader, "SIGCONT");
      });
    } finally {
      process.kill(reader, "SIGCONT");
    }
  }

  /** The cost of one-row transactions at such a pace that each becomes a frame. */
  async trickle(load: Load, transactions: number, perSecond: number): Promise<Cost> {
    await this.#untilDelivered();
    return this.#cost(transactions, () => writePaced(load, transactions, perSecond));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  /**
   * Measures the cost from `begin` until everything is delivered. Throws when another number of
   * changes was delivered.
   */
  async #cost(changes: number, begin: () => Promise<void>): Promise<Cost> {
    const began = performance.now();
    const before = await this.#processorMs();
    await begin();
    await this.#untilDelivered();
    let ended = { processorMs: await this.#processorMs(), atMs: performance.now() };
    let received = await emptyQueues(this.#sqs, this.#queueUrls());
    // What was parked for a queue that was slow for a moment does not hold up the mark.
    for (const lastMs = ended.atMs + SILENCE_MS; received < changes && ended.atMs < lastMs;) {
      await delay(LATE_EVERY_MS);
      received += await emptyQueues(this.#sqs, this.#queueUrls());
      ended = { processorMs: await this.#processorMs(), atMs: performance.now() };
    }
    const spentMs = ended.processorMs - before;
    const seconds = (ended.atMs - began) / 1000;
    if (received !== changes) throw new Error(`${received} of ${changes} changes were delivered`);
    return { microseconds: (spentMs * 1000) / changes, changesPerSecond: changes / seconds };
  }

  /** Resolves when everything that was committed before is delivered. */
  async #untilDelivered(): Promise<void> {
    const mark = String(++this.#marks);
    await this.administrator.query(`INSERT INTO ${MARKER_TABLE} VALUES (?)`, [mark]);
    await untilMark(this.#sqs, this.#markerQueue(), mark, SILENCE_MS);
  }

  async #processorMs(): Promise<number> {
    const { reader, route } = this.#pids();
    return (await processorMs(reader)) + (await processorMs(route));
  }

  #pids(): { readonly reader: number; readonly route: number } {
    const { reader, route } = this.#stack.file.processes;
    if (reader === undefined || route === undefined)
      throw new Error("a stack without its processes");
    return { reader, route };
  }

  #markerQueue(): string {
    return this.#stack.file.environments[OTHER_ENVIRONMENT]?.queues[MARKER] ?? "";
  }

  /** The URLs of all environment queues but the marker's. */
  #queueUrls(): readonly string[] {
    return Object.values(this.#stack.file.environments)
      .flatMap(({ queues }) => Object.values(queues))
      .filter((url) => url !== this.#markerQueue());
  }
}

function connect(
  { file: { mysql } }: SharedStack,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<Connection> {
  const { host, port } = mysql;
  return createConnection({
    host,
    port,
    user,
    password,
    database: "shop",
    multipleStatements: true,
  });
}
