import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { StackFile } from "../../operator/shared/stack-file.ts";

export interface ConsumerOptions {
  readonly subscriber: string;
  readonly environment: string;
  /** How many message groups are handled at the same time. */
  readonly concurrency: number;
}

export interface ConsumerData extends ConsumerOptions {
  readonly aws: StackFile["aws"];
}

/** The thread's report after changes were handled. */
export interface HandledSince {
  /** Row changes since the thread's start. */
  readonly changes: number;
  /** How many of them came after a later one, where all are of one message group. */
  readonly disordered: number;
  /** For each change since the last report, ms from the time in `written_us` to the handler. */
  readonly delaysMs: readonly number[];
}

const STOP_WITHIN_MS = 10_000;
/** The thread id of a worker that has ended. */
const GONE = -1;

/**
 * An application with the real client, in its own thread. Its handler only counts. Disposing stops
 * it as an application is stopped: handled messages are deleted from the queue before.
 */
export class BenchConsumer implements AsyncDisposable {
  readonly #worker: Worker;
  #changes = 0;
  #disordered = 0;
  #delaysMs: number[] = [];
  #failure: unknown = null;
  #listeners = new Set<() => void>();

  constructor({ aws }: Pick<StackFile, "aws">, options: ConsumerOptions) {
    const workerData: ConsumerData = { aws, ...options };
    this.#worker = new Worker(new URL("consumer-thread.ts", import.meta.url), { workerData });
    this.#worker.on("message", ({ changes, disordered, delaysMs }: HandledSince) => {
      this.#changes = changes;
      this.#disordered = disordered;
      for (const delay of delaysMs) this.#delaysMs.push(delay);
      this.#tell();
    });
    this.#worker.on("error", (error) => {
      this.#failure = error;
      this.#tell();
    });
  }

  /** Row changes handled since the start, as of at most 20 ms ago. */
  get changes(): number {
    return this.#changes;
  }

  /** How many of them came after a later one, where all are of one message group. */
  get disordered(): number {
    return this.#disordered;
  }

  /** The delays of the changes handled since the last call, milliseconds. */
  takeDelays(): number[] {
    const taken = this.#delaysMs;
    this.#delaysMs = [];
    return taken;
  }

  /**
   * Resolves when this many changes have been handled since the start. Throws when none arrives for
   * `silenceMs`.
   */
  async until(changes: number, silenceMs = 30_000): Promise<void> {
    while (this.#changes < changes) {
      if (this.#failure !== null) throw this.#failure;
      const heard = Promise.withResolvers<void>();
      this.#listeners.add(heard.resolve);
      const timer = setTimeout(
        () => heard.reject(new Error(`${this.#changes} of ${changes} changes, then silence`)),
        silenceMs,
      );
      try {
        await heard.promise;
      } finally {
        clearTimeout(timer);
        this.#listeners.delete(heard.resolve);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#worker.threadId === GONE) return;
    const ended = once(this.#worker, "exit");
    this.#worker.postMessage("stop", []);
    const late = setTimeout(() => void this.#worker.terminate(), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
