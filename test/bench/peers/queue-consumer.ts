import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { LocalAws } from "@binlog-router/local-aws";

export interface QueueConsumerData {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: LocalAws["credentials"];
  readonly queueUrl: string;
}

/** The thread's report. */
export interface ReceivedSince {
  /** Since the thread's start. */
  readonly rows: number;
  /** How many rows came after one with a greater id. */
  readonly disordered: number;
  /** From the first messages to the last ones. */
  readonly rowsPerSecond: number;
  /** For each row since the last report, ms from `written_us` to the handler. */
  readonly delaysMs: readonly number[];
}

const SILENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;

/**
 * An application that receives a peer's messages, ten at a time, and deletes them. Each has one
 * row. It has its own thread. Disposing ends it.
 */
export class QueueConsumer implements AsyncDisposable {
  readonly #worker: Worker;
  #received: ReceivedSince = { rows: 0, disordered: 0, rowsPerSecond: 0, delaysMs: [] };
  #delaysMs: number[] = [];
  #failure: unknown = null;

  constructor({ region, credentials, endpoints }: LocalAws, queueUrl: string) {
    const workerData: QueueConsumerData = {
      region,
      credentials,
      endpoint: endpoints.sqs,
      queueUrl,
    };
    this.#worker = new Worker(new URL("queue-consumer-thread.ts", import.meta.url), { workerData });
    this.#worker.on("message", (received: ReceivedSince) => {
      this.#received = received;
      for (const delayMs of received.delaysMs) this.#delaysMs.push(delayMs);
    });
    this.#worker.on("error", (error) => (this.#failure = error));
  }

  get received(): Omit<ReceivedSince, "delaysMs"> {
    return this.#received;
  }

  /** The delays of the rows received since the last call, milliseconds. */
  takeDelays(): number[] {
    const taken = this.#delaysMs;
    this.#delaysMs = [];
    return taken;
  }

  /** Resolves when this many rows have come. Throws after a minute without a row. */
  async until(rows: number): Promise<void> {
    let seen = this.#received.rows;
    let heardMs = performance.now();
    while (this.#received.rows < rows) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#received.rows !== seen) [seen, heardMs] = [this.#received.rows, performance.now()];
      if (performance.now() - heardMs > SILENCE_MS)
        throw new Error(`${seen} of ${rows} rows, then silence`);
      await delay(LOOK_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Also where a failure has ended the thread before.
    await this.#worker.terminate();
  }
}
