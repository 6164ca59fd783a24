import { BenchConsumer } from "../consumer.ts";
import type { SharedStack } from "../shared-stack.ts";
import { BenchWriter, createOrders } from "../writers.ts";

const ENVIRONMENT = "production";
const TABLE = "neighbour";
const ROWS_PER_TRANSACTION = 200;

/** An environment that writes bulk inserts, and its application. Disposing ends both. */
export class Neighbour implements AsyncDisposable {
  readonly #consumer: BenchConsumer;
  readonly #writer: BenchWriter;
  readonly #started: AsyncDisposableStack;

  private constructor(consumer: BenchConsumer, writer: BenchWriter, started: AsyncDisposableStack) {
    this.#consumer = consumer;
    this.#writer = writer;
    this.#started = started;
  }

  static async start({ file, pool }: SharedStack, rowsPerSecond: number): Promise<Neighbour> {
    await createOrders(pool(ENVIRONMENT, 1), TABLE);
    await using started = new AsyncDisposableStack();
    const consumer = started.use(
      new BenchConsumer(file, { subscriber: "billing", environment: ENVIRONMENT, concurrency: 1 }),
    );
    const writer = started.use(
      await BenchWriter.start(file, {
        environment: ENVIRONMENT,
        tables: [TABLE],
        connections: 1,
        rowsPerTransaction: ROWS_PER_TRANSACTION,
        rowsPerSecond,
        rows: null,
      }),
    );
    return new Neighbour(consumer, writer, started.move());
  }

  /** Stops writing; resolves when everything written has been handled. */
  async finish(): Promise<void> {
    const { rows } = await this.#writer.stop();
    await this.#consumer.until(rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }
}
