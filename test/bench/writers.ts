import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Pool } from "mysql2/promise";
import type { StackFile } from "../../operator/shared/stack-file.ts";

export interface WriterOptions {
  /** Whose account writes. */
  readonly environment: string;
  /** Tables of `createOrders`, of the database `shop`; the statements go round. */
  readonly tables: readonly string[];
  readonly connections: number;
  /** Rows of each statement, which is a transaction of its own. */
  readonly rowsPerTransaction: number;
  /** At an even pace, whichever connection is free; null: as fast as the server takes them. */
  readonly rowsPerSecond: number | null;
  /** It ends by itself after this many rows; null: when it is stopped. */
  readonly rows: number | null;
}

export interface WriterData extends Omit<WriterOptions, "environment"> {
  readonly server: Pick<StackFile["mysql"], "host" | "port">;
  readonly account: { readonly user: string; readonly password: string };
}

/** What was committed, and how long that took. */
export interface Written {
  readonly rows: number;
  readonly seconds: number;
}

/**
 * Makes a table of eight ordinary columns, unless it is there. `written_us` is when the writer
 * began the row's statement: microseconds since 1970 by `performance`, whose clock is the same in
 * all processes of a machine.
 */
export async function createOrders(pool: Pool, table: string): Promise<void> {
  await pool.query(
    "CREATE TABLE IF NOT EXISTS ?? (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60), state ENUM('new','paid','sent'), " +
      "amount DECIMAL(12,2), note TEXT, placed DATETIME(3), items INT, written_us BIGINT)",
    [table],
  );
}

/**
 * Writes rows from a thread of its own. Disposing ends it, in the middle of a statement if need be.
 */
export class BenchWriter implements AsyncDisposable {
  readonly #worker: Worker;
  /**
   * Resolves when it has ended, by itself or because it was told. Throws when a statement fails.
   */
  readonly ended: Promise<Written>;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.ended = once(worker, "message").then(([written]) => written as Written);
    // Whoever waits for it hears of the error.
    this.ended.catch(() => undefined);
  }

  /** A writer that is connected and writes. */
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

  /** Ends it after the statements under way. */
  async stop(): Promise<Written> {
    this.#worker.postMessage("stop", []);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
