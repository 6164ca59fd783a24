import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What the sink says of one frame that it has taken. */
export interface SinkReport {
  readonly changes: number;
  readonly bytes: number;
  readonly atMs: number;
}

/** How fast frames came. */
export interface Drained {
  readonly rowsPerSecond: number;
  readonly frames: number;
}

/** An SQS endpoint that takes every frame at once, in a thread of its own. Disposing ends it. */
export class FrameSink implements AsyncDisposable {
  readonly url: string;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<FrameSink> {
    const worker = new Worker(new URL("frame-sink-thread.ts", import.meta.url));
    const [port] = (await once(worker, "message")) as [number];
    return new FrameSink(worker, port);
  }

  /**
   * Waits for this many changes, and counts from the first frame's arrival to the last one's.
   * Throws after a silence.
   */
  async take(changes: number, silenceMs = 30_000): Promise<Drained> {
    const { promise, resolve, reject } = Promise.withResolvers<Drained>();
    const silent = (): void => reject(new Error(`${taken} of ${changes} changes, then silence`));
    let timer = setTimeout(silent, silenceMs);
    let first: SinkReport | undefined;
    let taken = 0;
    let frames = 0;
    const onFrame = (report: SinkReport): void => {
      clearTimeout(timer);
      timer = setTimeout(silent, silenceMs);
      first ??= report;
      taken += report.changes;
      frames++;
      if (taken < changes) return;
      const seconds = (report.atMs - first.atMs) / 1000;
      resolve({ rowsPerSecond: (taken - first.changes) / seconds, frames });
    };
    this.#worker.on("message", onFrame);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#worker.off("message", onFrame);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
