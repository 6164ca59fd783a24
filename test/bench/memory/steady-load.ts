import { BenchWriter, createOrders } from "../writers.ts";
import type { SharedStack } from "../shared-stack.ts";

/** What is written every second: rows in one-row transactions, and rows in bulk. */
const SINGLE_ROWS = 200;
const BULK_ROWS = 3000;
const ROWS_PER_BULK = 200;

/** The name of the load in the table of figures. */
export const STEADY_LOAD = `${SINGLE_ROWS} transactions/s of a row and ${BULK_ROWS / ROWS_PER_BULK} of ${ROWS_PER_BULK}`;

/** Small and large transactions at an even pace. Disposing ends the load. */
export class SteadyLoad implements AsyncDisposable {
  readonly #writers: readonly BenchWriter[];
  readonly #started: AsyncDisposableStack;

  private constructor(writers: readonly BenchWriter[], started: AsyncDisposableStack) {
    this.#writers = writers;
    this.#started = started;
  }

  static async start({ file, pool }: SharedStack, environment: string): Promise<SteadyLoad> {
    await using started = new AsyncDisposableStack();
    const writers: BenchWriter[] = [];
    for (const { table, rowsPerTransaction, rowsPerSecond } of [
      { table: "steady_single", rowsPerTransaction: 1, rowsPerSecond: SINGLE_ROWS },
      { table: "steady_bulk", rowsPerTransaction: ROWS_PER_BULK, rowsPerSecond: BULK_ROWS },
    ]) {
      await createOrders(pool(environment, 1), table);
      const options = { environment, tables: [table], connections: 2, rows: null };
      writers.push(
        started.use(
          await BenchWriter.start(file, { ...options, rowsPerTransaction, rowsPerSecond }),
        ),
      );
    }
    return new SteadyLoad(writers, started.move());
  }

  /** Ends the load; returns how many rows it has written. */
  async finish(): Promise<number> {
    const written = await Promise.all(this.#writers.map((writer) => writer.stop()));
    return written.reduce((sum, { rows }) => sum + rows, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }
}
