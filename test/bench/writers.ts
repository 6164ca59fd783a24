import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Connection } from "mysql2/promise";
import type { StackFile } from "../../operator/shared/stack-file.ts";

export interface WriterOptions {
  /** The environment whose account writes. */
  readonly environment: string;
  /** Tables of `createOrders` in the database `shop`; the statements write to them in turn. */
  readonly tables: readonly string[];
  readonly connections: number;
  /** How many rows a statement inserts; each statement is its own transaction. */
  readonly rowsPerTransaction: number;
  /** An even pace over all connections; null: as fast as the server accepts rows. */
  readonly rowsPerSecond: number | null;
  /** The number of rows after which it ends; null: it ends when it is stopped. */
  readonly rows: number | null;
}

export interface WriterData extends Omit<WriterOptions, "environment"> {
  readonly server: Pick<StackFile["mysql"], "host" | "port">;
  readonly account: { readonly user: string; readonly password: string };
}

/** How many rows were committed, and in how many seconds. */
export interface Written {
  readonly rows: number;
  readonly seconds: number;
}

/**
 * Creates a table of eight ordinary columns unless it exists. `written_us` is the time at which the
 * writer began the row's statement: microseconds since 1970 from `performance`, whose clock is the
 * same in all processes of a machine.
 */
export async function createOrders(pool: Pick<Connection, "query">, table: string): Promise<void> {
  await pool.query(
    "CREATE TABLE IF NOT EXISTS ?? (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60), state ENUM('new','paid','sent'), " +
      "amount DECIMAL(12,2), note TEXT, placed DATETIME(3), items INT, written_us BIGINT)",
    [table],
  );
}

/** Writes rows from its own thread. Disposing ends it at once, even during a statement. */
export class BenchWriter implements AsyncDisposable {
  readonly #worker: Worker;
  /** Resolves when the writer has ended, by itself or by `stop`. Throws when a statement failed. */
  readonly ended: Promise<Written>;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.ended = once(worker, "message").then(([written]) => written as Written);
    // Code that awaits `ended` gets the error; without this handler it would also be unhandled.
    this.ended.catch(() => undefined);
  }

  /** Starts a writer; resolves once it is connected and writes. */
  static async start(
    { mysql, environments }: Pick<StackFile, "mysql" | "environments">,
    { environment, ...options }: WriterOptions,
  ): Promise<BenchWriter> {
    const [account] = environments[environment]?.users ?? [];
    if (account === undefined) throw new RangeError(`no account in ${environment}`);
    const { host, port } = mysql;
    const workerData: WriterData = { ...options, account, server: { host, port } };
    const worker = new Worker(new URL("writer-thread.ts", import.meta.url), { workerData });
    await once(worker, "message");
    return new BenchWriter(worker);
  }

  /** Ends the writer after the statements under way. */
  async stop(): Promise<Written> {
    this.#worker.postMessage("stop", []);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
